//! What an answer of the store proves: one table for every call of the drive. Stores answer differently, so no other
//! code of the drive draws conclusions from a status or a code. This file does no IO.

use http::StatusCode;

use super::failure::Failed;

/// What an error proves about the requested thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Proof {
    /// The thing is not there: the store does not know the upload, or no longer, or has no such object.
    Gone,
    /// The store did not do it, and will refuse the same request again: the reason is in the request, the keys or the
    /// bucket.
    Refused,
    /// The store did not do it, or doing it again changes nothing. The same request may succeed later.
    WillPass,
    /// The store does not have this operation, so it will always refuse it.
    Lacking,
    /// The object is there, but the store cannot give its bytes back as it received them, and never will.
    Damaged,
    /// Nothing: the store may have done it. Only the object itself can show it.
    Nothing,
}

use Proof::{Damaged, Gone, Lacking, Nothing, Refused, WillPass};

/// A line of the table: it matches these calls, with a status in this range and one of these codes.
struct Line {
    /// Operations, as S3 calls them; empty means every operation.
    calls: &'static [&'static str],
    /// First and last status.
    statuses: (u16, u16),
    /// Empty means any code, and also an answer without one.
    codes: &'static [&'static str],
    proves: Proof,
}

const fn line(
    calls: &'static [&'static str],
    statuses: (u16, u16),
    codes: &'static [&'static str],
    proves: Proof,
) -> Line {
    Line { calls, statuses, codes, proves }
}

const ANY: &[&str] = &[];
/// The calls that make an object, and may still be under way when their answer is lost.
const COMPLETE: &[&str] = &["CompleteMultipartUpload", "CopyObject"];
const COPY: &[&str] = &["CopyObject"];
const OF_UPLOAD: &[&str] = &["CompleteMultipartUpload", "ListParts", "AbortMultipartUpload"];
const READ: &[&str] = &["GetObject"];
const OF_OBJECT: &[&str] = &["HeadObject", "GetObject", "DeleteObject"];

/// The first line that matches an answer says what it proves. The sources are AWS's reference ("Error responses") and
/// answers that the stores named here really gave.
const TABLE: &[Line] = &[
    line(ANY, (400, 599), &["NoSuchBucket"], Refused),
    // Operations that the store does not have at all: s3rver and localbucket have no ListParts.
    line(ANY, (405, 405), ANY, Lacking),
    line(ANY, (501, 501), ANY, Lacking),
    line(ANY, (400, 599), &["NotImplemented", "MethodNotAllowed"], Lacking),
    line(OF_UPLOAD, (400, 499), &["NoSuchUpload"], Gone),
    // Ceph RGW, about an upload that it completed or never knew.
    line(OF_UPLOAD, (404, 404), &["NoSuchKey"], Gone),
    // A 404 without a code may come from a proxy, or from any other server.
    line(OF_UPLOAD, (404, 404), ANY, Nothing),
    // The answer to HEAD has no body, and so no code.
    line(OF_OBJECT, (404, 404), ANY, Gone),
    // The embedded store, also behind another Dray.
    line(READ, (500, 500), &["ObjectDamaged"], Damaged),
    // The source of the copy is not there.
    line(COPY, (404, 404), &["NoSuchKey"], Gone),
    // Another Complete of the same upload is under way, or the name is locked.
    line(COMPLETE, (409, 409), ANY, Nothing),
    line(COMPLETE, (408, 408), ANY, Nothing),
    line(COMPLETE, (500, 599), ANY, Nothing),
    line(ANY, (400, 400), &["RequestTimeout"], WillPass),
    line(ANY, (408, 408), ANY, WillPass),
    line(ANY, (425, 425), ANY, WillPass),
    line(ANY, (429, 429), ANY, WillPass),
    line(ANY, (400, 599), &["SlowDown", "ServiceUnavailable", "OperationAborted"], WillPass),
    // The store names another endpoint or region. A change of settings can correct that; waiting cannot.
    line(ANY, (300, 399), ANY, Refused),
    line(ANY, (400, 499), ANY, Refused),
    line(ANY, (500, 599), ANY, WillPass),
];

/// What `failed` proves about the requested thing.
pub(super) fn proof(failed: &Failed) -> Proof {
    match failed {
        Failed::Said { operation, status, code, .. } => sorted(operation, *status, code),
        // A Complete without an answer may have been done, or may still be under way.
        Failed::Silent { operation, .. } | Failed::TooLate { operation, .. } if is_complete(operation) => {
            Nothing
        }
        // `Local` means that nothing was sent.
        Failed::Silent { .. } | Failed::TooLate { .. } | Failed::Local { .. } | Failed::Unproven(_) => {
            WillPass
        }
    }
}

fn is_complete(operation: &str) -> bool {
    COMPLETE.contains(&operation)
}

fn sorted(operation: &str, status: StatusCode, code: &str) -> Proof {
    let fits = |line: &&Line| {
        let (first, last) = line.statuses;
        (line.calls.is_empty() || line.calls.contains(&operation))
            && (first..=last).contains(&status.as_u16())
            && (line.codes.is_empty() || line.codes.contains(&code))
    };
    // A status that is not one of HTTP's errors, on an answer that is not a success, proves nothing.
    TABLE.iter().find(fits).map_or(Nothing, |line| line.proves)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proves(operation: &str, status: u16, code: &str) -> Proof {
        sorted(operation, StatusCode::from_u16(status).unwrap(), code)
    }

    #[test]
    fn every_line_of_the_table_decides_a_real_stores_answer() {
        let answers = [
            // AWS, and stores that follow it.
            ("HeadBucket", 404, "NoSuchBucket", Refused),
            ("ListParts", 404, "NoSuchBucket", Refused),
            ("ListParts", 404, "NoSuchUpload", Gone),
            ("CompleteMultipartUpload", 404, "NoSuchUpload", Gone),
            ("AbortMultipartUpload", 404, "NoSuchUpload", Gone),
            ("CompleteMultipartUpload", 409, "ConditionalRequestConflict", Nothing),
            ("CompleteMultipartUpload", 408, "", Nothing),
            ("CompleteMultipartUpload", 500, "InternalError", Nothing),
            ("CompleteMultipartUpload", 503, "SlowDown", Nothing),
            ("HeadObject", 404, "", Gone),
            ("GetObject", 404, "NoSuchKey", Gone),
            ("DeleteObject", 404, "NoSuchKey", Gone),
            ("GetObject", 500, "ObjectDamaged", Damaged),
            ("GetObject", 500, "InternalError", WillPass),
            ("CopyObject", 404, "NoSuchKey", Gone),
            ("CopyObject", 412, "PreconditionFailed", Refused),
            ("CopyObject", 503, "SlowDown", Nothing),
            ("ListParts", 400, "RequestTimeout", WillPass),
            ("ListParts", 408, "", WillPass),
            ("ListParts", 425, "", WillPass),
            ("CreateMultipartUpload", 429, "TooManyRequests", WillPass),
            ("CreateMultipartUpload", 409, "OperationAborted", WillPass),
            ("CreateMultipartUpload", 500, "InternalError", WillPass),
            ("ListParts", 503, "SlowDown", WillPass),
            ("HeadBucket", 301, "PermanentRedirect", Refused),
            ("CreateMultipartUpload", 403, "AccessDenied", Refused),
            ("CompleteMultipartUpload", 400, "InvalidPart", Refused),
            // Ceph RGW 16.2.
            ("ListParts", 404, "NoSuchKey", Gone),
            ("AbortMultipartUpload", 404, "NoSuchKey", Gone),
            // Garage 2.5 and rclone refuse a repeated Complete, and Garage refuses an empty part.
            ("UploadPart", 400, "InvalidRequest", Refused),
            // s3rver, localbucket: no ListParts; Swift: no CORS; nanio.
            ("ListParts", 405, "MethodNotAllowed", Lacking),
            ("ListParts", 501, "", Lacking),
            ("ListMultipartUploads", 400, "NotImplemented", Lacking),
            ("CompleteMultipartUpload", 501, "NotImplemented", Lacking),
            // A proxy in between.
            ("ListParts", 404, "", Nothing),
            ("AbortMultipartUpload", 404, "", Nothing),
            ("CreateMultipartUpload", 502, "", WillPass),
        ];
        let mut decided = vec![false; TABLE.len()];
        for (operation, status, code, wanted) in answers {
            assert_eq!(proves(operation, status, code), wanted, "{operation}: {status} {code}");
            let fits = |line: &Line| {
                (line.calls.is_empty() || line.calls.contains(&operation))
                    && (line.statuses.0..=line.statuses.1).contains(&status)
                    && (line.codes.is_empty() || line.codes.contains(&code))
            };
            decided[TABLE.iter().position(fits).unwrap()] = true;
        }
        let unused: Vec<_> = decided.iter().enumerate().filter(|(_, used)| !**used).collect();
        assert!(unused.is_empty(), "lines that no answer here decides: {unused:?}");
    }

    #[test]
    fn a_status_outside_of_the_table_proves_nothing() {
        assert_eq!(proves("ListParts", 204, ""), Nothing);
        assert_eq!(proves("HeadObject", 304, ""), Refused);
    }

    #[test]
    fn silence_proves_nothing_about_a_complete_and_is_temporary_for_all_other_calls() {
        let silent = |operation| Failed::Silent { operation, detail: String::new() };
        assert_eq!(proof(&silent("CompleteMultipartUpload")), Nothing);
        assert_eq!(proof(&silent("CreateMultipartUpload")), WillPass);
    }
}
