//! The resident registration number (주민번호), which never leaves the request that brings it.

use hmac::{Hmac, KeyInit, Mac};
use madang::date::Date;
use madang::{Rejection, Value};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

/// What it looks like: so it is refused in addresses and headers, which are kept. Without its dash it could be a time
/// there, in milliseconds.
pub const SHAPE: &str = "######-#######";

/// A registration number. It has no `Debug`: nothing prints it by accident.
pub struct RegisterNumber(String);

impl RegisterNumber {
    /// Reads `yyMMdd-Nnnnnnn`: a date of birth, and N for sex and century.
    ///
    /// # Errors
    /// The rejection that names the field and does not repeat its value.
    pub fn parse(text: &str) -> Result<Self, Rejection> {
        let wrong = || {
            let must = "must be yyMMdd-Nnnnnnn, a date of birth and the digit of its century";
            Rejection::invalid("userRegNumber", Value::Null, must)
        };
        let (birth, rest) = text.split_once('-').ok_or_else(wrong)?;
        let is_whole = (birth.len(), rest.len()) == (6, 7)
            && birth.bytes().chain(rest.bytes()).all(|byte| byte.is_ascii_digit());
        if !is_whole {
            return Err(wrong());
        }
        let century = match rest.as_bytes()[0] {
            b'1' | b'2' | b'5' | b'6' => 1900,
            b'3' | b'4' | b'7' | b'8' => 2000,
            _ => 1800,
        };
        let two = |at: usize| birth[at..at + 2].parse::<u8>().unwrap_or_default();
        Date::of(century + i32::from(two(0)), two(2), two(4)).ok_or_else(wrong)?;
        Ok(RegisterNumber(text.to_owned()))
    }

    /// The form in which it is told: `890309-2******`.
    pub fn masked(&self) -> String {
        format!("{}******", &self.0[..8])
    }

    /// Whose it is, to whoever knows the key: HMAC-SHA-256.
    pub fn owner(&self, key: &[u8]) -> Owner {
        let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("a key of any length will do");
        mac.update(self.0.as_bytes());
        let bytes = mac.finalize().into_bytes();
        Owner(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// Whether a text could hold one, however it is spelt: no name has so many digits.
    pub fn may_be_in(text: &str) -> bool {
        text.chars().filter(|c| c.is_numeric()).count() >= 13
    }
}

/// Whose a registration number is: its hash under the key, in hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Owner(String);

impl Owner {
    /// The id of the [`Person`](super::person::Person): the hash's first 64 bits, which others may share.
    pub fn id(&self) -> u64 {
        u64::from_str_radix(&self.0[..16], 16).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_a_date_of_birth_in_the_century_that_its_digit_says() {
        for whole in [
            "890309-2766876",
            "930619-2345678",
            "000229-3000000",
            "000228-1000000",
            "120101-7000000",
            "991231-9000000",
            "000101-0000000",
            "881212-5000000",
            "040229-8000000",
        ] {
            assert_eq!(RegisterNumber::parse(whole).map(|n| n.masked().len()), Ok(14), "{whole}");
        }
    }

    #[test]
    fn what_is_no_number_is_refused_without_being_repeated() {
        for wrong in [
            "",
            "8903092766876",
            "890309-276687",
            "890309-27668761",
            "890309-276687a",
            "89O309-2766876",
            "890332-2766876",
            "891301-2766876",
            "890230-2766876",
            "000229-1000000",
            "000229-9000000",
            "890309 2766876",
            "890309-2766-76",
            "８９0309-2766876",
            "+90309-2766876",
        ] {
            let Err(refused) = RegisterNumber::parse(wrong) else { panic!("{wrong} is taken") };
            assert_eq!(refused.violations[0].property, "userRegNumber");
            assert_eq!(refused.violations[0].invalid_value, Value::Null);
            assert!(wrong.is_empty() || !format!("{refused:?}").contains(wrong));
        }
    }

    #[test]
    fn it_is_told_masked() {
        let number = RegisterNumber::parse("890309-2766876").unwrap();
        assert_eq!(number.masked(), "890309-2******");
    }

    #[test]
    fn its_owner_is_known_by_the_key_alone() {
        let owner = |text, key: &str| RegisterNumber::parse(text).unwrap().owner(key.as_bytes());
        let one = owner("890309-2766876", "key");
        // Python: hmac.new(b"key", b"890309-2766876", "sha256").hexdigest()
        assert_eq!(one.0, "8bfd13379136e75f6089b768250980a7e71be0dee42b80f83d1434e0868c25c1");
        assert_eq!(format!("{:016x}", one.id()), one.0[..16]);
        assert_eq!(one, owner("890309-2766876", "key"));
        assert_ne!(one, owner("890309-2766877", "key"));
        assert_ne!(one, owner("890309-2766876", "another"));
    }

    #[test]
    fn a_text_that_could_hold_a_number_is_found_in_any_spelling() {
        for held in ["890309-2766876", "Kim 8903092766876", "8-90309 27668/76", "９8903092766876"]
        {
            assert!(RegisterNumber::may_be_in(held), "{held}");
        }
        for free in ["Taeyeon Kim", "user-17", "890309-2******", "123456789012"] {
            assert!(!RegisterNumber::may_be_in(free), "{free}");
        }
    }
}
