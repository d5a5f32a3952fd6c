//! Names that a bucket may have.

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
}
