//! The path of a request as logs, traces and errors may show it: without the parts that may be secret.

use std::borrow::Cow;

/// The longest segment that logs may show: an id has 24 characters. A link's slug, a token and a signature are longer.
const LONGEST_SHOWN: usize = 24;
/// The text that replaces a hidden segment.
const HIDDEN: &str = "{hidden}";

/// The path, with a mark in place of each segment that may be a secret: every segment after `l` and `r`, where links
/// and file requests are, and every segment longer than an id. It also works for paths without a route, because a link may be mistyped.
pub(super) fn shown_path(path: &str) -> Cow<'_, str> {
    let mut after_links = false;
    let is_shown = |segment: &str| {
        let is_hidden = after_links && !segment.is_empty();
        after_links |= segment.eq_ignore_ascii_case("l") || segment.eq_ignore_ascii_case("r");
        !is_hidden && segment.len() <= LONGEST_SHOWN
    };
    let shown: Vec<bool> = path.split('/').map(is_shown).collect();
    if shown.iter().all(|is_shown| *is_shown) {
        return Cow::Borrowed(path);
    }
    let parts = path.split('/').zip(shown).map(|(segment, is_shown)| if is_shown { segment } else { HIDDEN });
    Cow::Owned(parts.collect::<Vec<_>>().join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SLUG: &str = "0123456789abcdef0123456789abcdef";

    #[test]
    fn no_part_of_a_links_address_is_shown_however_it_is_written() {
        for path in [
            "/l/SLUG",
            "/l/SLUG/",
            "/l/SLUG/more",
            "//l//SLUG",
            "/L/SLUG",
            "/%6c/SLUG",
            "/public/v1/l/SLUG",
            "/SLUG",
            "/l/xSLUG",
            "/r/SLUG",
            "/R/xSLUG/open",
        ] {
            let path = path.replace("SLUG", SLUG);
            assert!(!shown_path(&path).contains("89abcdef"), "{path}: {}", shown_path(&path));
        }
        assert_eq!(shown_path("/l/0123/4567"), "/l/{hidden}/{hidden}", "half a link is half a secret");
    }

    #[test]
    fn ids_and_words_of_routes_are_shown() {
        for path in [
            "/public/v1/drive/files/65a1b2c3d4e5f60718293a4b/links/65a1b2c3d4e5f60718293a4c",
            "/public/v1/drive/files/upload/multipart/presigned-urls",
            "/",
            "",
            "/wp-login.php",
        ] {
            assert_eq!(shown_path(path), path);
        }
    }

    #[test]
    fn every_route_without_a_secret_is_shown_completely() {
        for (_, path) in crate::http::route_table() {
            let real = path.replace("{id}", "65a1b2c3d4e5f60718293a4b");
            assert_eq!(*shown_path(&real) == real, !path.contains("{slug}"), "{path}");
        }
    }
}
