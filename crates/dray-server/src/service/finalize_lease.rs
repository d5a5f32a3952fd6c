//! The lease of a finalize: whoever has it may complete the upload, and nobody else acts meanwhile.

use std::sync::atomic::{AtomicBool, Ordering};

use jiff::Timestamp;

use super::Service;
use crate::db::finalizing::{self, Attempts};
use crate::db::{Conn, uploads};
use crate::drive::item::Item;
use crate::drive::parts::Digest;
use crate::drive::upload::{FINALIZE_LEASE, LeaseHolder, State, Upload};
use crate::drive::{Error, Result};
use crate::lease::{Term, holding};
use crate::random;

/// The right to finalize an upload, until the lease ends.
pub(super) struct Lease {
    pub(super) upload: Upload,
    pub(super) digest: Digest,
    pub(super) holder: LeaseHolder,
    /// How long it may be used before it is renewed.
    pub(super) term: Term,
    /// The Completes before that of this lease. For a new upload, taking the lease counts as the first. It is empty
    /// if the store's silence counts as proof at once.
    pub(super) attempts: Attempts,
    /// Whether a Complete was sent under this lease.
    is_sent: AtomicBool,
    /// Whether that Complete may still be under way.
    is_under_way: AtomicBool,
}

impl Lease {
    fn new(upload: Upload, digest: Digest) -> Result<Self> {
        let holder = LeaseHolder(random::text()?);
        let (is_sent, is_under_way) = (AtomicBool::new(false), AtomicBool::new(false));
        let term = Term::asked_now(FINALIZE_LEASE);
        Ok(Self { upload, digest, holder, term, attempts: Attempts::default(), is_sent, is_under_way })
    }

    /// Whether a Complete was sent under this lease, and may have done something.
    pub(super) fn may_have_completed(&self) -> bool {
        self.is_under_way.load(Ordering::Relaxed)
    }

    /// The store has refused what was sent, so it has done nothing.
    pub(super) fn nothing_was_sent(&self) {
        self.is_sent.store(false, Ordering::Relaxed);
        self.is_under_way.store(false, Ordering::Relaxed);
    }

    /// Whether so many tries have failed for so long that Dray sends no further Complete.
    pub(super) fn is_hopeless(&self, now: Timestamp) -> bool {
        self.upload.is_hopeless(self.attempts.inconclusive, now)
    }

    /// Whether no Complete was ever sent. Then the store's silence is proof.
    pub(super) fn is_unattempted(&self) -> bool {
        let was_open = self.upload.state == State::Open;
        was_open && !self.upload.is_attempted && !self.is_sent.load(Ordering::Relaxed)
    }
}

impl Service {
    /// Takes the lease of an upload that has not changed since it was read; `None` if another finalize was faster.
    /// [`Service::while_held`] renews the lease.
    pub(super) async fn take_lease(&self, upload: Upload, digest: Digest) -> Result<Option<Box<Lease>>> {
        Ok(self.take_leases(vec![(upload, digest)]).await?.pop().flatten().map(Box::new))
    }

    /// Like [`Service::take_lease`], for many uploads in one transaction.
    pub(super) async fn take_leases(&self, wanted: Vec<(Upload, Digest)>) -> Result<Vec<Option<Lease>>> {
        let leases = wanted.into_iter().map(|(upload, digest)| Lease::new(upload, digest));
        let mut leases = leases.collect::<Result<Vec<_>>>()?;
        let is_proof = self.objects.checks_what_it_completes();
        let now = self.db.lease_time();
        let asked: Vec<_> = leases
            .iter()
            .map(|lease| (lease.upload.clone(), lease.digest.clone(), lease.holder.clone()))
            .collect();
        let taken = self.db.write(move |c| {
            let take = |(upload, digest, holder): &(Upload, Digest, LeaseHolder)| {
                if !finalizing::begin(c, upload, digest, holder, now)? {
                    return Ok(None);
                }
                if let Some(crc64) = &upload.crc64 {
                    finalizing::set_checksum(c, upload.id, crc64, upload.verify)?;
                }
                if is_proof {
                    Ok(Some(Attempts::default()))
                } else {
                    Ok(Some(finalizing::attempts(c, upload.id)?))
                }
            };
            uploads::lock_all(c, asked.iter().map(|(upload, ..)| upload.id))?;
            asked.iter().map(take).collect::<Result<Vec<_>>>()
        });
        match taken.await {
            Ok(taken) => {
                let taken = leases.drain(..).zip(taken);
                Ok(taken
                    .map(|(lease, attempts)| attempts.map(|attempts| Lease { attempts, ..lease }))
                    .collect())
            }
            Err(err) => {
                // The database may have granted the leases although its answer was lost.
                for lease in leases {
                    self.release_later(lease.upload.id, lease.holder);
                }
                Err(err)
            }
        }
    }

    /// Does the work that needs the lease, and renews the lease meanwhile. If the lease is lost or the server stops,
    /// the next finalize or the sweeper continues.
    pub(super) async fn while_held(
        &self,
        lease: &Lease,
        work: impl Future<Output = Result<Item>>,
    ) -> Result<Item> {
        let renew = || self.renew(lease, lease.is_under_way.load(Ordering::Relaxed));
        match holding(lease.term, &self.halt, renew, work).await {
            Ok(outcome) => outcome,
            Err(lost) => {
                tracing::warn!(upload = %lease.upload.id, %lost, "a finalize was stopped");
                self.give_back(lease, Error::FinalizePending).await
            }
        }
    }

    /// Call this before a Complete is sent. It records the time, if the store's silence proves nothing for some time
    /// after that. For an upload that was open, taking the lease has recorded it.
    pub(super) async fn begin_attempt(&self, lease: &Lease) -> Result<()> {
        let is_proof = self.objects.checks_what_it_completes();
        if !is_proof && lease.upload.state != State::Open && !self.renew(lease, true).await? {
            return Err(Error::FinalizePending);
        }
        lease.is_sent.store(true, Ordering::Relaxed);
        lease.is_under_way.store(true, Ordering::Relaxed);
        Ok(())
    }

    /// The Complete of this lease is over and did nothing, so the quiet time counts from the Complete before it.
    /// Otherwise, a store that lists an upload's parts and refuses to complete them would be asked forever.
    pub(super) async fn settle(&self, lease: &Lease) -> Result<()> {
        lease.is_under_way.store(false, Ordering::Relaxed);
        let Some(attempted_at) = lease.attempts.newest_at else { return Ok(()) };
        let (id, holder) = (lease.upload.id, lease.holder.clone());
        self.db.write(move |c| Ok(finalizing::settle(c, id, &holder, attempted_at)?)).await
    }

    /// Renews many leases; `false` if all of them are lost.
    pub(super) async fn renew_all<T, U>(&self, held: &[(T, Lease, U)]) -> Result<bool> {
        let held: Vec<_> = held
            .iter()
            .map(|(_, lease, _)| (lease.upload.id, lease.holder.clone(), lease.may_have_completed()))
            .collect();
        let now = self.db.lease_time();
        let renew = move |c: &Conn<'_>| {
            uploads::lock_all(c, held.iter().map(|(id, ..)| *id))?;
            let mut is_held = false;
            for (id, holder, is_completing) in &held {
                is_held |= finalizing::renew(c, *id, holder, *is_completing, now)?;
            }
            Ok(is_held)
        };
        self.db.write(renew).await
    }

    async fn renew(&self, lease: &Lease, is_completing: bool) -> Result<bool> {
        let (id, holder, now) = (lease.upload.id, lease.holder.clone(), self.db.lease_time());
        self.db.write(move |c| Ok(finalizing::renew(c, id, &holder, is_completing, now)?)).await
    }
}
