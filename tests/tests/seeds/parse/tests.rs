use super::*;

/// What a request that is understood begins with.
const GET: &str = "# added: why\n# fresh\n# => 200\nGET {{host}}/shop/books\n";
/// In which line of its file the block of [`block`] begins.
const TITLE: usize = 9;

/// A file with a block of these lines at its end.
fn block(lines: &str) -> Line<Script> {
    let head = format!("@host = h\n@day = 1\n\n### Before · it\n{GET}");
    script("shop", "shop.http", &format!("{head}### First · a title\n{lines}\n"))
}

/// The step that such a block is.
fn step(lines: &str) -> Step {
    let mut steps = block(lines).unwrap_or_else(|error| panic!("{error}")).steps;
    assert_eq!(steps.len(), 2);
    steps.remove(1)
}

/// What is wrong with such a block, and in which of its lines, from 1 up.
fn wrong(lines: &str) -> (usize, String) {
    let error = block(lines).err().unwrap_or_else(|| panic!("nothing is wrong with\n{lines}"));
    let rest = error.strip_prefix("shop.http:").unwrap_or_else(|| panic!("no place: {error}"));
    let (number, what) = rest.split_once(": ").unwrap();
    (number.parse::<usize>().unwrap() - TITLE, what.to_owned())
}

#[test]
fn a_block_is_a_request_with_what_is_said_about_it() {
    let step = step(
        "# seed: http POST localhost:8081/books title=t day=1 #Success\n# fresh\n# follow: book\n# down: book\n\
         # heal: book\n# delay: rent 800-1100\n# => 201 {\"id\": 1}\n# header: Retry-After: 3\n\
         # event: Registered {\"id\": 1}\n# keep: day = /id\nPOST {{host}}/shop/books\n\
         Content-Type: application/json\nX-Of: it\n\n{\"title\": \"t\",\n \"day\": \"{{day}}\"}\n\n",
    );
    assert_eq!((step.place.as_str(), step.section.as_str()), ("shop.http:9", "First"));
    assert_eq!((step.title.as_str(), step.origin, step.is_fresh), ("a title", Origin::Seed, true));
    let book = || "book".to_owned();
    let before = [
        Action::Follow(book()),
        Action::Down(book()),
        Action::Heal(book()),
        Action::Delay("rent".to_owned(), 800..=1100),
    ];
    assert_eq!(step.before, before);
    let Request { method, path, headers, body } = step.request;
    assert_eq!((method.as_str(), path.as_str()), ("POST", "/shop/books"));
    let text = |pair: &(String, String)| format!("{} is {}", pair.0, pair.1);
    let headers: Vec<_> = headers.iter().map(text).collect();
    assert_eq!(headers, ["Content-Type is application/json", "X-Of is it"]);
    assert_eq!(body.unwrap().trim_end(), "{\"title\": \"t\",\n \"day\": \"{{day}}\"}");
    let [answer] = step.answers.as_slice() else { panic!("{:?}", step.answers) };
    assert_eq!((answer.status, answer.when), (201, When::Now));
    let one: Value = serde_json::from_str(r#"{"id": 1}"#).unwrap();
    assert_eq!(answer.body, Some(one.clone()));
    assert_eq!(step.headers.iter().map(text).collect::<Vec<_>>(), ["Retry-After is 3"]);
    assert_eq!(step.events, [("Registered".to_owned(), one)]);
    assert_eq!(step.keeps.iter().map(text).collect::<Vec<_>>(), ["day is /id"]);
}

#[test]
fn a_siege_has_clients_bounds_and_several_answers() {
    let besieged = |more: &str| {
        format!(
            "# added: why\n# siege: -c50 -n100 -t30s{more}\n# => 201\n# or => 503\nGET {{{{host}}}}/shop/books\n"
        )
    };
    let step = step(&besieged(""));
    let siege =
        Siege { clients: 50, requests: 100, limit: Duration::from_secs(30), is_beside_next: false };
    assert_eq!(step.siege.as_ref(), Some(&siege));
    let answers: Vec<_> = step.answers.iter().map(|answer| (answer.status, answer.when)).collect();
    assert_eq!(answers, [(201, When::Now), (503, When::Perhaps)]);

    let two = format!("{}### First · beside it\n{}", besieged(" &"), besieged(""));
    let beside: Vec<_> = block(&two).unwrap().steps.iter().map(Step::is_beside_next).collect();
    assert_eq!(beside, [false, true, false]);
    let (line, what) = wrong(&besieged(" &"));
    assert!(line == 0 && what.starts_with("no siege of the same system"), "{what}");
    for more in ["header: A: b", "keep: day = /id"] {
        let (_, what) = wrong(&besieged(&format!("\n# {more}")));
        assert!(what.starts_with("a siege has no one answer"), "{what}");
    }
}

#[test]
fn a_file_is_its_blocks_in_order() {
    let text = format!("@host = h\n@day = 2021-10-05\n### A · one\n{GET}\n\n### B · two\n{GET}\n");
    let Script { variables, steps } = script("shop", "shop.http", &text).unwrap();
    assert_eq!(variables, [("day".to_owned(), "2021-10-05".to_owned())].into());
    let places: Vec<_> =
        steps.iter().map(|step| (step.place.as_str(), step.title.as_str())).collect();
    assert_eq!(places, [("shop.http:3", "one"), ("shop.http:10", "two")]);
}

#[test]
fn a_request_that_differs_from_the_documents_has_to_say_why() {
    let sent = "# => 200\nGET {{host}}/shop/books/1";
    let seed = |line: &str| format!("# seed: http {line}\n{sent}");
    assert_eq!(step(&seed("GET localhost:8081/books/1")).origin, Origin::Seed);
    for other in ["GET localhost/books/2", "DELETE localhost/books/1", "GET localhost/books/1 a=b"]
    {
        let (line, what) = wrong(&seed(other));
        assert_eq!(line, 0);
        assert!(
            what.starts_with("the seed document sends ") && what.contains("differs: why"),
            "{what}"
        );
        step(&format!("# differs: why\n{}", seed(other)));
        wrong(&format!("# differs: the answer: why\n{}", seed(other)));
    }
    let same = seed("GET localhost:8081/books/1");
    step(&format!("# differs: the answer: why\n{same}"));
    let (_, what) = wrong(&format!("# differs: why\n{same}"));
    assert!(what.starts_with("the seed document sends the same"), "{what}");
    let (_, what) = wrong(&format!("# differs: why\n{GET}"));
    assert!(what.contains("no `# seed:` to differ from"), "{what}");
}

#[test]
fn what_is_not_understood_is_an_error_with_its_line() {
    let none = "is none of: seed, added";
    for (lines, line, told) in [
        ("# a note\n", 1, none),
        ("# note: of something\n", 1, none),
        ("# fresh: now\n", 1, "`# fresh` stands alone"),
        ("# seed: kubectl get all\n", 1, "is no command"),
        ("# added: a\n# seed: http GET h/x\n", 2, "one `# seed:` or one `# added:`"),
        ("# => ok\n", 1, "`ok` is no status"),
        ("# => 200 {\n", 1, "is no JSON"),
        ("# soon => 200\n", 1, "`soon =>`: it may be"),
        ("# siege: -c50 -n100\n", 1, "is no `-c50 -n100 -t30s`"),
        ("# siege: -c0 -n100 -t30s\n", 1, "is no `-c50 -n100 -t30s`"),
        ("# delay: book 800\n", 1, "`800` is no `name-value`"),
        ("# delay: book a-b\n", 1, "`a-b` is no range"),
        ("# event: Registered\n", 1, "is no `name value`"),
        ("# keep: other = /id\n", 1, "no `@other = …`"),
        ("GET {{host}}/books\n", 1, "of the form `GET {{host}}/shop/"),
        ("SEND {{host}}/shop/books\n", 1, "is no request"),
        ("GET {{host}}/shop/{{other}}\n", 1, "no `@other = …`"),
        ("GET {{host}}/shop/books\nheader\n", 2, "`header` is no `name:value`"),
        ("GET {{host}}/shop/books\n# => 200\n", 2, "stands before its request"),
        ("# added: why\n# => 200\n", 0, "no request follows"),
        ("# => 200\nGET {{host}}/shop/books\n", 0, "neither `# seed:` nor `# added:`"),
        ("# added: why\nGET {{host}}/shop/books\n", 0, "what is expected"),
        ("# added: why\n# => 200\n# => 201\nGET {{host}}/shop/books\n", 0, "what is expected"),
        ("# added: why\n# or => 200\nGET {{host}}/shop/books\n", 0, "what is expected"),
        ("# added: why\n# eventually => 200\nPOST {{host}}/shop/books\n", 0, "a POST cannot"),
    ] {
        let (at, what) = wrong(lines);
        assert!(at == line && what.contains(told), "{lines}is wrong in line {at}: {what}");
    }
}

#[test]
fn a_head_that_is_not_understood_is_an_error_with_its_line() {
    for (head, told) in [
        ("# no host\n", "shop.http:1: no `@host = …`"),
        ("@host = h\nGET /\n", "shop.http:2: `GET /` stands before"),
        ("@host\n", "shop.http:1: `host` is no `name=value`"),
        ("@host = h\n### no section\n", "shop.http:2: `no section` is no `name · value`"),
    ] {
        let error = script("shop", "shop.http", head).err().unwrap_or_default();
        assert!(error.starts_with(told), "{error}");
    }
    let error = script(
        "shop",
        "shop.http",
        "@host = h\n### A · b\n# added: why\n# => 200\nGET {{host}}/shop/x",
    );
    assert_eq!(error.err().unwrap(), "shop.http:2: the first request has to say `# fresh`");
}
