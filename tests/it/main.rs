//! What edgelm promises, one module a promise, in one program so that it is compiled
//! and linked once.

mod architecture;
mod bad_input;
mod city;
mod coverage;
mod decide;
mod detail;
mod eq8;
mod evaluation;
mod external;
mod fig3;
mod fig4_fig5;
mod gap;
mod goa_literal;
mod golden;
mod manual;
mod manual_facts;
mod manual_numbers;
mod model_server;
mod optimum;
mod policies;
mod profile;
mod queueing_theory;
mod random_instance;
mod real_server;
mod refined;
mod run;
mod same_bytes;
mod shard_contract;
mod shipped;
mod stations;
mod table;
mod timeline;
mod window;
