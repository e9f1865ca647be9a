//! `wasi:keyvalue`, which spin-sdk does not offer.

#[allow(missing_docs, unsafe_code, clippy::all)]
mod bindings {
    wit_bindgen::generate!({
        inline: "
            package madang:probe;
            world keyvalue {
                import wasi:keyvalue/store@0.2.0-draft2;
                import wasi:keyvalue/batch@0.2.0-draft2;
                import wasi:keyvalue/atomics@0.2.0-draft2;
            }
        ",
        path: "../../../wit/deps/keyvalue",
        generate_all,
    });
}

use crate::{
    answer::{Told, refusal},
    stores::sorted,
    text, word,
};
use bindings::wasi::keyvalue::{atomics, batch, store};

/// `<store> get|set|delete|exists|keys|get-many|increment [<key> [<value>]]`.
pub fn run(what: &str) -> Told {
    let mut rest = what;
    let bucket = store::open(word(&mut rest)).map_err(refusal)?;
    let operation = word(&mut rest);
    if operation == "get-many" {
        let keys: Vec<_> = rest.split(' ').map(str::to_owned).collect();
        let found = batch::get_many(&bucket, &keys).map_err(refusal)?;
        let mut pairs: Vec<_> = found.into_iter().map(pair).collect();
        pairs.sort();
        return Ok(pairs.join(" "));
    }
    let key = word(&mut rest);
    match operation {
        "get" => bucket.get(key).map_err(refusal).and_then(text),
        "set" => bucket.set(key, rest.as_bytes()).map(|()| "done".to_owned()).map_err(refusal),
        "delete" => bucket.delete(key).map(|()| "done".to_owned()).map_err(refusal),
        "exists" => bucket.exists(key).map(|is| is.to_string()).map_err(refusal),
        "keys" => bucket.list_keys(None).map(|found| sorted(found.keys)).map_err(refusal),
        "increment" => {
            let by = rest.parse().map_err(|_| "no-number".to_owned())?;
            atomics::increment(&bucket, key, by).map(|now| now.to_string()).map_err(refusal)
        }
        other => Err(format!("unknown operation {other}")),
    }
}

fn pair((key, value): (String, Option<Vec<u8>>)) -> String {
    let value = value.map_or("absent".into(), |v| String::from_utf8_lossy(&v).into_owned());
    format!("{key}={value}")
}
