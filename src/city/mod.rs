//! What makes cities of hundreds of servers affordable, under a tolerance that a
//! scenario grants: which links are kept, and a ledger of interference whose far part is
//! known in sum only. Everything else of the program is the same in a city.

mod far_field;
mod ledger;
mod neighbourhoods;

pub use ledger::CityLedger;
pub use neighbourhoods::Neighbourhoods;
