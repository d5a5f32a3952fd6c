//! The only place that decides who may do what: parse → authenticate → **authorise** → act. Every operation says
//! which access it needs (`Operation::access`). An operation that touches a second bucket asks about that one too.

use dray_s3::ErrorCode;

use crate::{failure::Failure, keys::KeyKind};

/// Where a request comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Door {
    /// From this process, through a router that no socket reaches.
    Inside,
    /// From anybody.
    Outside,
}

/// What an operation does to a bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// Reads the bucket, its objects or its uploads.
    Read,
    /// Creates the bucket, or changes what is in it.
    Write,
    /// Removes the bucket.
    RemoveBucket,
}

/// Whose signature a request has, and where the request comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Caller {
    pub(crate) kind: KeyKind,
    /// Whether the key has been replaced.
    pub(crate) is_former: bool,
    pub(crate) is_presigned: bool,
    pub(crate) door: Door,
}

impl Caller {
    /// Whether the request is the server's own: the server made it, or handed out its URL. In an `Authorization` header
    /// from outside, the server's key belongs to a tool, because an earlier version gave it to tools.
    pub(crate) fn is_server(self) -> bool {
        self.kind == KeyKind::Server && (self.is_presigned || self.door == Door::Inside)
    }

    /// Refuses the server's replaced key, except for URLs that the server itself signed with it.
    pub(crate) fn check_key(self) -> Result<(), Failure> {
        if self.is_former && self.kind == KeyKind::Server && !self.is_server() {
            return Err(Failure::new(ErrorCode::InvalidAccessKeyId, "This access key was replaced"));
        }
        Ok(())
    }

    /// Refuses what the caller may not do to `bucket`. `own` is the store's own bucket. Clients write to it on behalf
    /// of the server, by URLs that the server signed. Tools write to it only with a key of the kind
    /// [`KeyKind::Writer`].
    pub(crate) fn check(self, access: Access, bucket: &str, own: &str) -> Result<(), Failure> {
        if bucket != own || access == Access::Read {
            return Ok(());
        }
        if access == Access::RemoveBucket {
            return Err(denied(format!("The bucket {own} is the server's own and cannot be removed")));
        }
        match self.kind {
            KeyKind::Writer => Ok(()),
            KeyKind::Server if self.is_server() => Ok(()),
            KeyKind::Server | KeyKind::Tool => Err(denied(format!(
                "This key may only read the bucket {own}, which is the server's own; it may write other buckets"
            ))),
        }
    }
}

fn denied(message: String) -> Failure {
    Failure::new(ErrorCode::AccessDenied, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caller(kind: KeyKind, is_presigned: bool, door: Door) -> Caller {
        Caller { kind, is_former: false, is_presigned, door }
    }

    #[test]
    fn each_kind_of_caller_may_do_what_is_in_this_table() {
        let may = |caller: Caller, access, bucket| caller.check(access, bucket, "own").is_ok();
        for (kind, presigned, door, writes_own) in [
            (KeyKind::Server, false, Door::Inside, true),
            (KeyKind::Server, true, Door::Outside, true),
            (KeyKind::Server, false, Door::Outside, false),
            (KeyKind::Writer, false, Door::Outside, true),
            (KeyKind::Writer, true, Door::Outside, true),
            (KeyKind::Tool, false, Door::Outside, false),
            (KeyKind::Tool, true, Door::Outside, false),
            (KeyKind::Tool, false, Door::Inside, false),
        ] {
            let caller = caller(kind, presigned, door);
            assert_eq!(may(caller, Access::Write, "own"), writes_own, "{caller:?}");
            assert!(may(caller, Access::Read, "own") && may(caller, Access::Read, ""), "{caller:?}");
            assert!(may(caller, Access::Write, "other") && may(caller, Access::RemoveBucket, "other"));
            assert!(!may(caller, Access::RemoveBucket, "own"), "{caller:?}");
        }
    }

    #[test]
    fn the_servers_replaced_key_is_good_for_its_urls_only() {
        let former = |kind, presigned, door| {
            Caller { is_former: true, ..caller(kind, presigned, door) }.check_key().is_ok()
        };
        assert!(former(KeyKind::Server, true, Door::Outside));
        assert!(former(KeyKind::Server, false, Door::Inside));
        assert!(!former(KeyKind::Server, false, Door::Outside));
        assert!(former(KeyKind::Tool, false, Door::Outside), "a tool's has its grace");
    }
}
