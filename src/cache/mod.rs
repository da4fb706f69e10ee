//! Results that are kept, and one maker for each.
//!
//! A result is one buffer in every tier ([`Record`]): in memory, in a folder or in a bucket. It is
//! found by a key of everything that its bytes depend on ([`DerivedKey`]), the identity of the
//! original's bytes among it: a new version of an asset never meets an old result, and no entry
//! needs an age. What ages is the look-up of an asset, on the floor above.

#![allow(
    clippy::disallowed_methods,
    reason = "entries have ages, and stores are files"
)]

mod bucket;
mod disk;
mod failures;
mod flight;
mod key;
mod memory;
mod originals;
mod purge;
mod record;
mod store;
mod trouble;
mod writer;

pub use bucket::{Bucket, Heard};
pub use disk::Disk;
pub use failures::Failures;
pub use flight::{Flights, Joined};
pub use key::{AssetHash, DerivedKey, KeyParts};
pub use memory::Memory;
pub use originals::{Original, Originals};
pub use purge::{Purge, Unfinished};
pub use record::{Owner, Record};
pub use store::{Held, Store, StoreCounters};
