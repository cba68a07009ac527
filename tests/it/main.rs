//! What edgelm promises, one module a promise, in one program so that it is compiled
//! and linked once.

mod bad_input;
mod city;
mod coverage;
mod decide;
mod dependencies;
mod detail;
mod eq8;
mod evaluation;
mod external;
mod fig3;
mod fig4_fig5;
mod gap;
mod goa_literal;
mod manual;
mod model_server;
mod optimum;
mod policies;
mod profile;
mod queueing_theory;
mod random_instance;
mod real_server;
mod refined;
mod release;
mod run;
mod same_bytes;
mod shard_contract;
mod stations;
mod table;
mod timeline;
