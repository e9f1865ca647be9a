//! Whether a form was sent from our own pages, and not by a page of another origin that a browser happened to
//! have open: no such page can make a browser say otherwise.

use madang::http::Request;

/// By `Sec-Fetch-Site` where the browser sends it, which it does to HTTPS and to this machine; else by `Origin`,
/// which every browser sends with a POST. Who sends neither is no browser with our page, and is refused.
pub(crate) fn is_from(request: &Request) -> bool {
    if let Some(site) = request.header("sec-fetch-site") {
        return site == "same-origin";
    }
    // The scheme is left out: behind a proxy that ends TLS, only the browser knows it.
    let own = request.origin();
    let host = |origin: &str| origin.split_once("://").map(|(_, host)| host.to_ascii_lowercase());
    let sent = request.header("origin").and_then(host);
    sent.is_some() && sent == host(&own)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_pages_may_post() {
        for (headers, expected) in [
            (&[("sec-fetch-site", "same-origin")][..], true),
            (&[("sec-fetch-site", "same-site")], false),
            (&[("sec-fetch-site", "cross-site"), ("origin", "http://own:3000")], false),
            (&[("sec-fetch-site", "none")], false),
            (&[("origin", "http://own:3000")], true),
            (&[("origin", "https://OWN:3000")], true),
            (&[("origin", "http://own:3001")], false),
            (&[("origin", "http://other")], false),
            (&[("origin", "null")], false),
            (&[], false),
        ] {
            let mut request = Request { scheme: "http".to_owned(), ..Request::default() };
            let host = [("host", "own:3000")];
            let all = host.iter().chain(headers);
            request.headers = all.map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
            assert_eq!(is_from(&request), expected, "{headers:?}");
        }
    }
}
