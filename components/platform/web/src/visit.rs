//! One request for a page: who reads it in which language, and where they are.

use madang::http::{Request, Response};

use crate::words::{COOKIE, Lang, Words};

/// What a link within a page does not carry on: what was said of the last request.
const SAID: [&str; 4] = ["done", "item", "saga", "at"];

/// A request for a page.
pub(crate) struct Visit<'r> {
    /// The request.
    pub(crate) request: &'r Request,
    /// The reader's language.
    pub(crate) lang: Lang,
}

impl<'r> Visit<'r> {
    /// Of a request.
    pub(crate) fn new(request: &'r Request) -> Self {
        Visit { request, lang: Lang::of(request) }
    }

    /// A text in the reader's language.
    pub(crate) fn say(&self, words: Words) -> &'static str {
        self.lang.say(words)
    }

    /// A text in the reader's language, from the two.
    pub(crate) fn pick(&self, en: &'static str, ko: &'static str) -> &'static str {
        self.lang.pick(en, ko)
    }

    /// A parameter of the address that is not empty.
    pub(crate) fn parameter(&self, name: &str) -> Option<&'r str> {
        self.request.parameter(name).filter(|value| !value.is_empty())
    }

    /// A parameter of the address that is a number.
    pub(crate) fn number(&self, name: &str) -> Option<u64> {
        self.parameter(name)?.parse().ok()
    }

    /// This address with other values of some parameters; an empty value leaves one out.
    pub(crate) fn link(&self, changes: &[(&str, &str)]) -> String {
        let is_changed = |name: &str| changes.iter().any(|(changed, _)| *changed == name);
        let kept = self.request.query.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let kept = kept.filter(|(name, _)| !SAID.contains(name) && !is_changed(name));
        let all = kept.chain(changes.iter().copied()).filter(|(_, value)| !value.is_empty());
        let query: String =
            form_urlencoded::Serializer::new(String::new()).extend_pairs(all).finish();
        let path = &self.request.path;
        if query.is_empty() { path.clone() } else { format!("{path}?{query}") }
    }

    /// This address as it is.
    pub(crate) fn here(&self) -> String {
        let pairs = &self.request.query;
        let query: String =
            form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
        let path = &self.request.path;
        if query.is_empty() { path.clone() } else { format!("{path}?{query}") }
    }

    /// The form that was posted.
    pub(crate) fn form(&self) -> Vec<(String, String)> {
        form_urlencoded::parse(&self.request.body).into_owned().collect()
    }
}

/// The answer to a POST that was carried out: look here now.
pub(crate) fn see(address: &str) -> Response {
    Response::empty(303).with("location", address).with("cache-control", "no-store")
}

/// Keeps a language, and goes back to where it was chosen.
pub(crate) fn choose(request: &Request, lang: &str) -> Option<Response> {
    let lang = Lang::named(lang)?;
    let to = request.parameter("to").filter(|to| is_local(to)).unwrap_or("/");
    let cookie =
        format!("{COOKIE}={}; Path=/; Max-Age=31536000; SameSite=Lax; HttpOnly", lang.tag());
    Some(see(to).with("set-cookie", cookie))
}

/// Whether an address is a path of ours. `//host` and `/\host` are other hosts to a browser, which also drops
/// tabs and line ends.
fn is_local(address: &str) -> bool {
    let rest = address.strip_prefix('/');
    rest.is_some_and(|rest| !rest.starts_with(['/', '\\']))
        && address.bytes().all(|byte| byte.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_keeps_the_rest_of_the_address_and_not_what_was_said() {
        let pairs = [("userId", "1"), ("books.page", "2"), ("done", "rent"), ("saga", "x")];
        let query = pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        let request = Request { path: "/pages/a/b".to_owned(), query, ..Request::default() };
        let visit = Visit::new(&request);
        assert_eq!(visit.link(&[("books.page", "3")]), "/pages/a/b?userId=1&books.page=3");
        assert_eq!(visit.link(&[("books.page", ""), ("userId", "")]), "/pages/a/b");
    }

    #[test]
    fn a_choice_of_language_leads_nowhere_else() {
        let chosen = |to: &str| {
            let query = vec![("to".to_owned(), to.to_owned())];
            let request = Request { query, ..Request::default() };
            let answer = choose(&request, "ko").unwrap();
            answer.headers.into_iter().find(|(name, _)| name == "location").unwrap().1
        };
        assert_eq!(chosen("/pages/bookrent/rent?userId=1"), "/pages/bookrent/rent?userId=1");
        for foreign in
            ["//evil.example", "/\\evil.example", "https://evil.example", "/a\r\nb", "/\t/e"]
        {
            assert_eq!(chosen(foreign), "/", "{foreign:?}");
        }
        assert!(choose(&Request::default(), "fr").is_none());
    }
}
