//! Names that a bucket may have.

/// Beginnings and ends that S3 keeps for itself (AWS S3 user guide, "Bucket naming rules"). Tools read names with these ends
/// as something else than a bucket, for example as an access point.
const RESERVED_PREFIXES: [&str; 3] = ["xn--", "sthree-", "amzn-s3-demo-"];
const RESERVED_SUFFIXES: [&str; 5] = ["-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3"];

/// Whether S3 lets anybody create a bucket of this name.
pub(crate) fn may_be_created(name: &str) -> bool {
    is_bucket_name(name)
        && !RESERVED_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
        && !RESERVED_SUFFIXES.iter().any(|suffix| name.ends_with(suffix))
}

/// Whether S3 allows this name (AWS S3 user guide, "Bucket naming rules", the rules about characters).
pub(crate) fn is_bucket_name(name: &str) -> bool {
    let edge = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    let bytes = name.as_bytes();
    (3..=63).contains(&bytes.len())
        && bytes.iter().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-".contains(byte))
        && edge(bytes.first())
        && edge(bytes.last())
        && ["..", ".-", "-."].iter().all(|pair| !name.contains(pair))
        && name.parse::<std::net::Ipv4Addr>().is_err()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bucket_names_follow_the_rules() {
        for good in ["dray", "a-b.c", "123", &"a".repeat(63)] {
            assert!(is_bucket_name(good), "{good}");
        }
        for bad in
            ["", "ab", "Dray", "a_b", "-ab", "ab-", "a..b", "a.-b", "a-.b", "1.2.3.4", "a/b", &"a".repeat(64)]
        {
            assert!(!is_bucket_name(bad), "{bad}");
        }
    }

    #[test]
    fn names_that_s3_keeps_for_itself_cannot_be_created() {
        for reserved in [
            "xn--a",
            "sthree-a",
            "amzn-s3-demo-a",
            "a-s3alias",
            "a--ol-s3",
            "a.mrap",
            "a--x-s3",
            "a--table-s3",
        ] {
            assert!(is_bucket_name(reserved) && !may_be_created(reserved), "{reserved}");
        }
        assert!(may_be_created("a-xn--b") && !may_be_created("A"));
    }
}
