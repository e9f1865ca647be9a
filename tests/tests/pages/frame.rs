//! What all pages have in common, as it is without a browser: headers, languages, and who may post.

use madang_testing::{Answer, Client};
use serde_json::Value;

use crate::support::SHARED;

const FORM: &str = "application/x-www-form-urlencoded";

fn post(client: &Client, path: &str, body: &str) -> Answer {
    client.with("content-type", FORM).post(path, body)
}

#[test]
fn a_page_may_do_nothing_that_it_does_not_need() {
    let host = SHARED.host();
    let client = host.client();
    for path in ["/", "/pages/bookrent/rent", "/pages/operations", "/pages/nowhere"] {
        let page = client.get(path);
        let policy = page.header("content-security-policy").unwrap_or_default();
        assert!(policy.starts_with("default-src 'none';"), "{page}");
        assert!(!policy.contains("unsafe") && !policy.contains("http"), "{page}");
        assert_eq!(page.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(page.header("cache-control"), Some("no-store"));
        // Pages of others must not read ours, whatever they may read of the REST.
        let foreign = client.with("origin", "https://other.example").get(path);
        assert_eq!(foreign.header("access-control-allow-origin"), None);
        let text = page.text();
        assert!(!text.contains(" style=") && !text.contains("<style"), "{path}");
        assert!(!text.contains("onclick") && !text.contains("javascript:"), "{path}");
    }
}

#[test]
fn assets_are_kept_for_good_under_an_address_that_changes_with_them() {
    let host = SHARED.host();
    let client = host.client();
    let home = client.get("/").expect(200).text();
    for (file, kind) in
        [("style.css", "text/css"), ("refresh.js", "text/javascript"), ("icon.svg", "image/svg")]
    {
        let begin = home.find(&format!("/pages/{file}?")).unwrap_or_else(|| panic!("no {file}"));
        let address = home[begin..].split('"').next().unwrap();
        let asset = client.get(address).expect(200);
        assert!(asset.header("content-type").unwrap().starts_with(kind), "{asset}");
        assert!(asset.header("cache-control").unwrap().contains("immutable"), "{asset}");
    }
}

#[test]
fn the_language_is_the_readers_until_they_choose_another() {
    let host = SHARED.host();
    let client = host.client();
    let korean = client.with("accept-language", "ko-KR,ko;q=0.9,en;q=0.5").get("/").expect(200);
    assert!(korean.text().contains("<html lang=\"ko\">") && korean.text().contains("도서 대여"));
    assert!(client.get("/").expect(200).text().contains("<html lang=\"en\">"));
    let chosen = client.get("/pages/language/ko?to=%2Fpages%2Fbookrent%2Frent").expect(303);
    assert_eq!(chosen.location(), "/pages/bookrent/rent");
    let cookie = chosen.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
    let page = client.with("accept-language", "en").with("cookie", cookie).get("/").expect(200);
    assert!(page.text().contains("<html lang=\"ko\">"));
    assert_eq!(client.get("/pages/language/fr").status, 404);
    assert_eq!(client.get("/pages/language/ko?to=//evil.example").expect(303).location(), "/");
}

#[test]
fn a_form_of_another_origin_is_not_carried_out() {
    let host = SHARED.host();
    let client = host.client();
    let book = "form=register&key=none&title=forged&status=true";
    // Others register books meanwhile.
    let forged = |client: &Client| {
        let page: Value = client.get("/bookrent/books?size=1000").expect(200).json();
        let books = page["_embedded"]["books"].as_array().unwrap().clone();
        books.iter().filter(|book| book["title"] == "forged").count()
    };
    for (name, value) in [
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("origin", "https://other.example"),
        ("origin", "null"),
        ("accept", "text/html"),
    ] {
        let refused = post(&client.with(name, value), "/pages/bookrent/books", book).expect(403);
        assert!(refused.text().contains("Nothing was done"), "{refused}");
    }
    assert_eq!(forged(&client), 0);
    let own = client.with("origin", host.url());
    let done = post(&own, "/pages/bookrent/books", book).expect(303);
    assert!(done.location().starts_with("/pages/bookrent/books?done=register&item="), "{done}");
    assert_eq!(forged(&client), 1);
}

#[test]
fn a_form_that_is_sent_twice_is_done_once() {
    let host = SHARED.host();
    let client = host.client().with("sec-fetch-site", "same-origin");
    let book = "form=register&key=one-and-the-same&title=twice&status=true";
    let [first, second] =
        [(); 2].map(|()| post(&client, "/pages/bookrent/books", book).expect(303));
    let item = |answer: &Answer| answer.location().split('&').nth(1).unwrap().to_owned();
    assert_eq!(item(&first), item(&second));
}

#[test]
fn what_is_no_page_is_none_and_what_is_no_form_does_nothing() {
    let host = SHARED.host();
    let client = host.client().with("sec-fetch-site", "same-origin");
    for path in [
        "/pages",
        "/pages/",
        "/pages/nowhere",
        "/pages/bookrent",
        "/pages/bookrent/nowhere",
        "/pages/nowhere/flow",
        "/pages/bookrent/flow/a/b",
        "/pages/operations/bookrent",
        "/pages/operations/bookrent/nowhere",
    ] {
        assert_eq!(client.get(path).status, 404, "{path}");
    }
    assert_eq!(post(&client, "/pages/nowhere/books", "").status, 404);
    for body in ["", "form=nowhere", "do=nowhere", "%", "form=register"] {
        assert_eq!(post(&client, "/pages/bookrent/books", body).status, 400, "{body}");
    }
    assert_eq!(client.post("/", "{}").status, 405);
    // Text from outside is text, wherever it shows up.
    let page = client
        .get("/pages/bookrent/rent?userId=%22%3E%3Cscript%3Ealert(1)%3C%2Fscript%3E&saga=%22x");
    assert!(!page.text().contains("<script>alert"), "{page}");
    let flow = client.get("/pages/bookrent/flow/%3Cscript%3Ealert(1)");
    assert!(flow.status == 404 && !flow.text().contains("<script>alert"), "{flow}");
}
