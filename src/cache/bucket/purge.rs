//! Purges: what is in the bucket, and what others tell.

use std::sync::{Arc, Weak};
use std::time::SystemTime;

use bytes::Bytes;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use tokio::sync::oneshot;
use tokio::time::MissedTickBehavior;

use super::layout::Listing;
use super::log::{EVERY, LIFE, Look};
use super::{Bucket, Shared};
use crate::cache::{Purge, Record};
use crate::origin::{Begin, Depth, Error, Object};

/// Objects that are looked at or removed at the same time.
const AT_ONCE: usize = 16;

/// The first bytes of a record in which most owners stand.
const HEAD: u64 = 1024;

/// The most bytes of a purge.
const MAX_PURGE: u64 = 2 << 20;

/// The most bytes of the name of a record.
const MAX_NAME: u64 = 1024;

/// A purge that was made elsewhere. Dropping it says that it is done here too.
#[derive(Debug)]
pub struct Heard {
    /// What is to go.
    pub purge: Purge,
    _done: oneshot::Sender<()>,
}

/// Looks for purges as long as the store is in use.
pub(super) async fn watch(bucket: Weak<Bucket>) {
    let mut ticks = tokio::time::interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let Some(bucket) = bucket.upgrade() else {
            return;
        };
        let shared = bucket.shared.clone();
        // Not held while this waits for others, or nobody could drop it.
        drop(bucket);
        match shared.look().await {
            Ok(()) => shared.looking.relax(),
            Err(error) => shared.looking.report(&error),
        }
    }
}

impl Bucket {
    /// The next purge of another gateway.
    pub async fn heard(&self) -> Heard {
        match self.heard.lock().await.recv().await {
            Some(heard) => heard,
            // The sender lives as long as this.
            None => std::future::pending().await,
        }
    }

    /// Takes back what this gateway has written lately, as far as a purge of another means it.
    ///
    /// # Errors
    /// The first thing that went wrong.
    pub async fn take_back(self: &Arc<Self>, purge: &Purge) -> Result<u64, Error> {
        let waiting = self.clear_queue(purge).await;
        let gone = self.shared.take_back(purge).await?;
        Ok(waiting + gone)
    }

    /// Removes what a purge names from the bucket and lets the others know; comes back when that is
    /// done. About how many records that were: one that is meant twice may be counted twice.
    ///
    /// # Errors
    /// The first thing that went wrong; what could be removed is gone all the same.
    pub async fn purge(self: &Arc<Self>, purge: &Purge) -> Result<u64, Error> {
        let (own, purge) = (self.clone(), purge.clone());
        let done = self.shared.background.handle().map(|background| {
            // Goes on if nobody waits for it any more.
            background.spawn(async move {
                let begun = own.shared.tell(&purge).await;
                let waiting = own.clear_queue(&purge).await;
                let gone = own.shared.purge(&purge).await;
                // The memories of others may have been filled again while the store was not empty.
                let told = own.shared.tell(&purge).await;
                own.shared.log.once_more(purge);
                begun?;
                told?;
                Ok(waiting + gone?)
            })
        });
        let lost = || self.shared.failed("purges/", "the purge broke off");
        match done {
            Some(done) => done.await.unwrap_or_else(|_| Err(lost())),
            None => Err(lost()),
        }
    }

    /// Drops what waits to be written, and waits for what is being written.
    async fn clear_queue(self: &Arc<Self>, purge: &Purge) -> u64 {
        let (own, purge) = (self.clone(), purge.clone());
        let cleared = tokio::task::spawn_blocking(move || {
            own.writer.purge(|record| purge.takes_record(record))
        });
        cleared.await.unwrap_or_default()
    }
}

impl Shared {
    fn failed(&self, key: &str, reason: &str) -> Error {
        Error::Upstream {
            origin: self.calls.name().into(),
            key: key.into(),
            reason: reason.into(),
        }
    }

    /// Writes a purge into the log.
    async fn tell(&self, purge: &Purge) -> Result<(), Error> {
        let at = SystemTime::now();
        let key = self.layout.purge(at, fastrand::u64(..));
        // Texts alone; the serializer has nothing to refuse.
        let text = serde_json::to_vec(purge).unwrap_or_default();
        self.log.know(key.clone(), at);
        self.calls.put(&key, Bytes::from(text)).await
    }

    async fn take_back(&self, purge: &Purge) -> Result<u64, Error> {
        let mut gone = 0;
        for written in self.log.take_written(purge) {
            if let Err(error) = self.calls.remove(&written.object).await {
                self.writing.report(&error);
                self.log.put_back(written);
                return Err(error);
            }
            gone += 1;
        }
        Ok(gone)
    }

    async fn purge(&self, purge: &Purge) -> Result<u64, Error> {
        let mut gone = 0;
        let mut failed = None;
        for listing in self.layout.listings(purge) {
            let mut from = Begin::First;
            loop {
                let page = match self.calls.list(&listing.prefix, Depth::All, &from).await {
                    Ok(page) => page,
                    Err(error) => {
                        failed.get_or_insert(error);
                        break;
                    }
                };
                let removed = stream::iter(page.objects)
                    .map(|object| self.remove(&listing, purge, object))
                    .buffer_unordered(AT_ONCE);
                let mut removed = std::pin::pin!(removed);
                while let Some(removed) = removed.next().await {
                    match removed {
                        Ok(count) => gone += count,
                        Err(error) => {
                            failed.get_or_insert(error);
                        }
                    }
                }
                match page.next {
                    Some(next) => from = Begin::Token(next),
                    None => break,
                }
            }
        }
        match failed {
            Some(error) => {
                self.writing.report(&error);
                Err(error)
            }
            None => Ok(gone),
        }
    }

    /// Removes what a listing has found, if it is meant. How many records.
    async fn remove(&self, listing: &Listing, purge: &Purge, object: Object) -> Result<u64, Error> {
        if !listing.names {
            if !self.layout.is_record(&object.key) {
                return Ok(0);
            }
            if listing.look && !self.is_meant(purge, &object).await? {
                return Ok(0);
            }
            return self.calls.remove(&object.key).await.map(|()| 1);
        }
        let record = match self.calls.fetch(&object.key, MAX_NAME).await {
            Ok(name) => String::from_utf8_lossy(&name).into_owned(),
            Err(error) if error.is_not_found() => return Ok(0),
            Err(error) => return Err(error),
        };
        let mut gone = 0;
        // Nothing that somebody else may have put there is followed to anywhere else.
        if self.layout.is_record(&record) {
            match self.calls.head(&record).await {
                Ok(found) => {
                    if listing.look && !self.is_meant(purge, &found).await? {
                        return Ok(0);
                    }
                    self.calls.remove(&record).await?;
                    gone = 1;
                }
                Err(error) if error.is_not_found() => {}
                Err(error) => return Err(error),
            }
        }
        self.calls.remove(&object.key).await?;
        Ok(gone)
    }

    /// Whether a record is meant, told by its owner. One that does not tell is damaged, and no loss.
    async fn is_meant(&self, purge: &Purge, object: &Object) -> Result<bool, Error> {
        let mut head = self.first(object, HEAD).await?;
        if let Some(whole) = Record::owner_length(&head)
            && whole > head.len()
        {
            head = self.first(object, whole as u64).await?;
        }
        Ok(Record::owner_of(&head).is_none_or(|owner| purge.takes(&owner)))
    }

    /// So many first bytes; none of an object that is gone or another by now.
    async fn first(&self, object: &Object, bytes: u64) -> Result<Vec<u8>, Error> {
        let range = 0..object.bytes.min(bytes);
        if range.is_empty() {
            return Ok(Vec::new());
        }
        let found = object.clone().found();
        let pieces = async {
            let pieces = self.calls.open(&found, range).await?;
            pieces.try_collect::<Vec<Bytes>>().await
        };
        match pieces.await {
            Ok(pieces) => Ok(pieces.concat()),
            Err(error) if error.is_not_found() => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    /// Looks for purges of others once, and has them done here.
    async fn look(&self) -> Result<(), Error> {
        let look = self.log.look();
        for purge in &look.again {
            self.have_done(purge.clone()).await;
        }
        if look.late {
            let everything = Purge {
                prefixes: vec!["".into()],
                ..Purge::default()
            };
            self.have_done(everything).await;
        }
        let purges = self.layout.purges();
        let mut from = Begin::After(self.layout.purges_from(look.from));
        loop {
            let page = self.calls.list(&purges, Depth::All, &from).await?;
            for object in page.objects {
                self.hear(&object.key).await?;
            }
            match page.next {
                Some(next) => from = Begin::Token(next),
                None => break,
            }
        }
        self.log.looked(&look);
        if look.sweep {
            self.sweep(&look).await?;
        }
        Ok(())
    }

    /// Has a purge of the log done here, if it is news.
    async fn hear(&self, key: &str) -> Result<(), Error> {
        let Some(at) = self.layout.time_of(key) else {
            return Ok(());
        };
        if !self.log.is_news(key, at) {
            return Ok(());
        }
        let text = match self.calls.fetch(key, MAX_PURGE).await {
            Ok(text) => text,
            Err(error) if error.is_not_found() => return Ok(()),
            Err(error) => {
                self.log.unknow(key);
                return Err(error);
            }
        };
        let Ok(purge) = serde_json::from_slice::<Purge>(&text) else {
            self.looking.report(&format_args!("{key} is no purge"));
            return Ok(());
        };
        tracing::info!(key, "another gateway purges");
        self.have_done(purge.clone()).await;
        self.log.once_more(purge);
        Ok(())
    }

    /// Hands a purge to whoever does it, and waits until it is done.
    async fn have_done(&self, purge: Purge) {
        let (done, waiting) = oneshot::channel();
        let heard = Heard { purge, _done: done };
        if self.tell.send(heard).await.is_ok() {
            // Dropped when it is done.
            let _done = waiting.await;
        }
    }

    /// Removes purges that have had their time.
    async fn sweep(&self, look: &Look) -> Result<(), Error> {
        let old = look.began_at.checked_sub(LIFE);
        let old = old.unwrap_or(SystemTime::UNIX_EPOCH);
        let purges = self.layout.purges();
        loop {
            let first = Begin::First;
            let page = self.calls.list(&purges, Depth::All, &first).await?;
            let is_old = |object: &&Object| {
                let at = self.layout.time_of(&object.key);
                at.is_some_and(|at| at < old)
            };
            let gone: Vec<_> = page.objects.iter().filter(is_old).collect();
            for object in &gone {
                self.calls.remove(&object.key).await?;
            }
            if gone.is_empty() || page.next.is_none() {
                return Ok(());
            }
        }
    }
}
