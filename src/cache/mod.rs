//! Results that are kept, and one maker for each.

mod flight;
mod key;
mod memory;

pub use flight::{Flights, Joined};
pub use key::{DerivedKey, KeyParts};
pub use memory::{Memory, Weigh};
