//! `wasi:keyvalue`, which spin-sdk does not offer: Spin serves it from the stores that a component is
//! granted, and of all that such a store can do its `increment` alone is safe among several at once.

#[allow(missing_docs, unsafe_code, clippy::all)]
mod bindings {
    wit_bindgen::generate!({
        inline: "
            package madang:keyvalue;
            world keyvalue {
                import wasi:keyvalue/store@0.2.0-draft2;
                import wasi:keyvalue/atomics@0.2.0-draft2;
            }
        ",
        path: "../../wit/platform",
        generate_all,
    });
}

#[doc(hidden)]
pub use bindings::wasi::keyvalue::{atomics, store};

/// Why a store does not do what it is asked, and the mend.
pub(crate) fn reason(error: store::Error) -> String {
    match error {
        store::Error::AccessDenied => {
            "is not granted: add it to the component's `key_value_stores`".to_owned()
        }
        store::Error::NoSuchStore => "is not there: define it in the runtime config".to_owned(),
        store::Error::Other(why) => why,
    }
}

/// A number as Spin keeps it: eight bytes, the lowest first, in SQLite; decimal digits in Redis. Eight
/// bytes that are all digits are the latter: read as the former they would be a number that nothing
/// here reaches.
pub(crate) fn number(bytes: &[u8]) -> Option<i64> {
    let text = std::str::from_utf8(bytes).ok().and_then(|text| text.parse().ok());
    text.or_else(|| bytes.try_into().ok().map(i64::from_le_bytes))
}

#[cfg(test)]
mod tests {
    use super::number;

    #[test]
    fn numbers_are_read_as_either_store_keeps_them() {
        for n in [0, 1, -1, 12_345_678, 1_795_219_200_000, -1_795_219_200_000, 7 << 32] {
            assert_eq!(number(&i64::to_le_bytes(n)), Some(n));
            assert_eq!(number(n.to_string().as_bytes()), Some(n));
        }
        assert_eq!(number(b"text"), None);
    }
}
