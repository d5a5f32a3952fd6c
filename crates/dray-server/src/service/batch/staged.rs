//! Finalizes files that finalize itself must copy to their objects, on stores that cannot refuse a second PUT.

use dray_object_store::die_at;
use futures_util::StreamExt as _;
use futures_util::stream;

use super::super::Service;
use super::super::check_stored::is_about_bytes;
use super::super::commit::Ready;
use super::super::finalize_lease::Lease;
use super::finalize::{AT_ONCE, Found, Outcomes, Pending, told};
use super::outage::Outage;
use crate::drive::access::Caller;
use crate::drive::item::Item;
use crate::drive::parts::PartList;
use crate::drive::{Error, Result};
use crate::lease::holding;
use crate::objects::Completion;

impl Service {
    /// Takes the leases of files that must be copied, has the store copy several at once, and creates their items.
    pub(super) async fn complete_staged(
        &self,
        caller: &Caller,
        staged: Vec<Found>,
        outcomes: &mut Outcomes,
    ) -> Vec<Pending> {
        let wanted =
            staged.iter().map(|found| (found.pending.upload.clone(), found.parts.digest())).collect();
        let leases = match self.take_leases(wanted).await {
            Ok(leases) => leases,
            Err(err) => {
                for found in staged {
                    outcomes[found.pending.at] = Some(Err(err.clone()));
                }
                return Vec::new();
            }
        };
        die_at("W4");
        let (mut held, mut left) = (Vec::new(), Vec::new());
        for (found, lease) in staged.into_iter().zip(leases) {
            match lease {
                Some(lease) => held.push((found.pending.at, lease, found.parts)),
                None => left.push(found.pending),
            }
        }
        let Some(term) = held.first().map(|(_, lease, _)| lease.term) else { return left };
        let work = self.copy_all(caller, &held);
        match holding(term, &self.halt, || self.renew_all(&held), work).await {
            Ok(done) => {
                for ((at, ..), outcome) in held.iter().zip(done) {
                    outcomes[*at] = Some(outcome);
                }
            }
            Err(lost) => {
                tracing::warn!(files = held.len(), %lost, "a finalize of many files was stopped");
                for (at, lease, _) in &held {
                    outcomes[*at] = Some(self.give_back(lease, Error::FinalizePending).await);
                }
            }
        }
        left
    }

    /// Copies the files whose leases it holds. Returns an outcome for each.
    async fn copy_all(&self, caller: &Caller, held: &[(usize, Lease, PartList)]) -> Vec<Result<Item>> {
        let outage = Outage::default();
        let copy = async |(_, lease, parts): &(usize, Lease, PartList)| {
            let copied = outage.ask(async { self.copy_one(lease, parts).await.transpose() }).await;
            match copied {
                Err(err @ Error::StoreUnreachable { .. }) => Some(self.give_back(lease, err).await),
                copied => copied.transpose(),
            }
        };
        let copied: Vec<Option<Result<Item>>> =
            stream::iter(held).map(copy).buffered(AT_ONCE).collect().await;
        let ready =
            held.iter().zip(&copied).filter(|(_, copied)| copied.is_none()).map(|((_, lease, _), _)| Ready {
                upload: lease.upload.clone(),
                digest: lease.digest.clone(),
                notes_checksum: false,
            });
        let mut made = self.commit_all(ready.collect()).await.into_iter();
        let mut outcomes = Vec::with_capacity(held.len());
        for ((_, lease, _), copied) in held.iter().zip(copied) {
            let outcome = match copied {
                Some(outcome) => outcome,
                None => match made.next().unwrap_or(Err(Error::FinalizePending)) {
                    Err(err @ (Error::UploadFolderClosed | Error::QuotaOfOthers)) => {
                        self.reopen(lease, err).await
                    }
                    Err(err) if err.is_passing() => self.give_back(lease, err).await,
                    made => made,
                },
            };
            outcomes.push(outcome.map(|item| told(caller, &lease.upload, item)));
        }
        outcomes
    }

    /// Copies one file. Returns `None` if the object exists and is as announced, and otherwise the outcome.
    async fn copy_one(&self, lease: &Lease, parts: &PartList) -> Option<Result<Item>> {
        let upload = &lease.upload;
        let put_key = upload.put_key.as_deref().unwrap_or_default();
        match self.complete_whole(lease, put_key, parts).await {
            Completion::Done => match self.check_copied(lease).await {
                Ok(()) => None,
                Err(err) if is_about_bytes(&err) || matches!(err, Error::SizeMismatch { .. }) => {
                    Some(self.discard(lease, err).await)
                }
                Err(err) => Some(self.give_back(lease, err).await),
            },
            other => Some(self.conclude(lease, other).await),
        }
    }

    async fn check_copied(&self, lease: &Lease) -> Result<()> {
        self.check_size(&lease.upload).await?;
        self.check_stored(lease).await
    }
}
