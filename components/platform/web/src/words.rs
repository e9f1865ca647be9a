//! What people read, in two languages.

use madang::http::Request;

/// The cookie that keeps a choice of language.
pub(crate) const COOKIE: &str = "madang-lang";

/// A text in both languages.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Words {
    /// In English.
    pub(crate) en: &'static str,
    /// In Korean.
    pub(crate) ko: &'static str,
}

/// A text in English and in Korean.
pub(crate) const fn words(en: &'static str, ko: &'static str) -> Words {
    Words { en, ko }
}

/// A language of the pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lang {
    /// 한국어.
    Ko,
    /// English.
    En,
}

impl Lang {
    /// The one that was chosen before, or the first of `Accept-Language` that there is; else English.
    pub(crate) fn of(request: &Request) -> Self {
        let chosen = cookie(request, COOKIE).and_then(Lang::named);
        let accepted = || preferred(request.header("accept-language").unwrap_or_default());
        chosen.or_else(accepted).unwrap_or(Lang::En)
    }

    /// By its tag (`ko`, `en`).
    pub(crate) fn named(tag: &str) -> Option<Self> {
        match tag {
            "ko" => Some(Lang::Ko),
            "en" => Some(Lang::En),
            _ => None,
        }
    }

    /// Its tag.
    pub(crate) fn tag(self) -> &'static str {
        match self {
            Lang::Ko => "ko",
            Lang::En => "en",
        }
    }

    /// A text in this language.
    pub(crate) fn say(self, words: Words) -> &'static str {
        match self {
            Lang::Ko => words.ko,
            Lang::En => words.en,
        }
    }

    /// A text in this language, from the two.
    pub(crate) fn pick(self, en: &'static str, ko: &'static str) -> &'static str {
        self.say(words(en, ko))
    }
}

/// A cookie's value.
pub(crate) fn cookie<'r>(request: &'r Request, name: &str) -> Option<&'r str> {
    let headers = request.headers.iter().filter(|(header, _)| header == "cookie");
    let pairs = headers.flat_map(|(_, value)| value.split(';'));
    pairs.filter_map(|pair| pair.trim().split_once('=')).find(|(n, _)| *n == name).map(|(_, v)| v)
}

/// The language that a client likes best of those that there are (RFC 9110, 12.5.4).
fn preferred(accepted: &str) -> Option<Lang> {
    let ranges = accepted.split(',').filter_map(|range| {
        let mut parts = range.split(';').map(str::trim);
        let tag = parts.next()?.to_ascii_lowercase();
        let quality = parts.find_map(|part| part.strip_prefix("q=")?.parse::<f32>().ok());
        let lang = Lang::named(tag.split('-').next()?)?;
        Some((lang, quality.unwrap_or(1.0))).filter(|(_, quality)| *quality > 0.0)
    });
    // The first of those that are liked alike.
    ranges.reduce(|best, next| if next.1 > best.1 { next } else { best }).map(|(lang, _)| lang)
}

/// How a status is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    /// As it was wished for.
    Good,
    /// On its way.
    Busy,
    /// Ended by somebody's wish.
    Over,
    /// Refused or failed.
    Bad,
}

/// The statuses of the five systems: the word on the wire, what it is in Korean, and how it is shown.
const STATUSES: &[(&str, &str, Tone)] = &[
    ("Rent", "대여 중", Tone::Good),
    ("Fail", "대여 실패", Tone::Bad),
    ("Cancel", "대여 취소", Tone::Over),
    ("Delivery Started", "배송 시작", Tone::Good),
    ("Delivery Cancelled", "배송 취소", Tone::Over),
    ("SeatsReserved", "좌석 예약됨", Tone::Busy),
    ("ApprovedPayment", "결제 승인", Tone::Good),
    ("Canceled", "취소됨", Tone::Over),
    ("PaymentCanceled", "결제 취소", Tone::Over),
    ("RESERVE", "예약", Tone::Good),
    ("CANCEL", "취소", Tone::Over),
    ("INJECT", "접종 완료", Tone::Good),
    ("REJECT", "거절 (정원 초과)", Tone::Bad),
    ("Applyed", "신청", Tone::Busy),
    ("Confirmed", "확정", Tone::Good),
    ("Completed", "임명 완료", Tone::Good),
    ("CLASS_REGISTERED", "수강 등록", Tone::Good),
    ("CLASS_CANCEL", "수강 취소", Tone::Over),
    ("CONFIRM", "결제 완료", Tone::Good),
    ("DELIVERY_START", "배송 시작", Tone::Good),
    ("DELIVERY_CANCEL", "배송 취소", Tone::Over),
    ("POINT_GIVEN", "포인트 지급", Tone::Good),
    ("POINT_CANCEL", "포인트 회수", Tone::Over),
    ("GIFT_GIVEN", "선물 지급", Tone::Good),
    ("GIFT_CANCEL", "선물 회수", Tone::Over),
];

/// A status for people, and its tone. In English it is the wire's own word.
pub(crate) fn status(lang: Lang, status: &str) -> (&str, Tone) {
    match STATUSES.iter().find(|(wire, ..)| *wire == status) {
        Some((_, korean, tone)) if lang == Lang::Ko => (korean, *tone),
        Some((_, _, tone)) => (status, *tone),
        None => (status, Tone::Over),
    }
}

/// What contexts say when they refuse something, in Korean.
const REFUSALS: &[(&str, &str)] = &[
    ("Too big seats Count", "남은 좌석보다 많이 예약할 수 없습니다 (Too big seats Count)"),
    ("is required", "필수 항목입니다"),
    ("must be a number from 1 up", "1 이상의 숫자여야 합니다"),
    ("must be a number from 0 up", "0 이상의 숫자여야 합니다"),
    ("must be a number", "숫자여야 합니다"),
    ("must be a day, yyyy-MM-dd", "날짜여야 합니다 (yyyy-MM-dd)"),
    ("must have fewer than 13 digits", "숫자가 13자리보다 적어야 합니다"),
    ("must be the notice's own", "공고의 교과번호와 같아야 합니다"),
    ("cannot be set here", "여기서는 바꿀 수 없습니다"),
    (
        "must be yyMMdd-Nnnnnnn, a date of birth and the digit of its century",
        "yyMMdd-Nnnnnnn 형식이어야 하고, 생년월일과 뒷자리 첫 숫자가 맞아야 합니다",
    ),
    ("there is nothing of that id", "그런 번호는 없습니다"),
    ("only a rent in status Rent can be cancelled", "대여 중인 것만 취소할 수 있습니다"),
    ("the rent is running: cancel it first", "대여 중입니다. 먼저 취소하세요"),
    ("the book is rented", "대여 중인 도서입니다"),
    ("there is no musical with that musicalId", "그런 공연번호의 뮤지컬이 없습니다"),
    (
        "the seats cannot be reserved at the moment; try again shortly",
        "지금은 좌석을 예약할 수 없습니다. 잠시 후 다시 시도해 주세요. 차지된 좌석은 없습니다",
    ),
    (
        "payment has too much to do at the moment; try again shortly",
        "결제가 밀려 있습니다. 잠시 후 다시 시도해 주세요",
    ),
    ("no reservation of that person is running", "진행 중인 예약이 없습니다"),
    ("the vaccine is injected already", "이미 접종했습니다"),
    ("the reservation at the hospital is canceled", "취소된 예약입니다"),
    ("there is no reservation of that user at the hospital", "병원에 그 사람의 예약이 없습니다"),
    ("there is no notice for that course", "그 교과의 공고가 없습니다"),
    ("there is no course with that courseNo", "그런 교과번호의 교과가 없습니다"),
    ("the course has this professor already", "이미 이 교수가 담당하는 교과입니다"),
    (
        "the professor cannot be confirmed at the moment; try again shortly",
        "지금은 교수를 확정할 수 없습니다. 잠시 후 다시 시도해 주세요. 바뀐 것은 없습니다",
    ),
    (
        "whether the professor is confirmed is not known yet; try again shortly",
        "확정되었는지 아직 알 수 없습니다. 잠시 후 다시 시도해 주세요",
    ),
    (
        "the class cannot be registered at the moment; try again shortly",
        "지금은 수강 등록을 할 수 없습니다. 잠시 후 다시 시도해 주세요. 결제된 것은 없습니다",
    ),
    (
        "a part of the system is not available; try again shortly",
        "시스템의 일부를 지금 사용할 수 없습니다. 잠시 후 다시 시도해 주세요",
    ),
    (
        "the first request with this Idempotency-Key is still running",
        "처음 보낸 요청이 아직 처리 중일 수 있습니다. 30초쯤 뒤에 같은 양식을 다시 보내세요. 두 번 처리되지 않습니다",
    ),
    ("The service is down.", "담당하는 서비스가 멈춰 있습니다. 처리된 것은 없습니다"),
    (
        "too many writers at once; try again",
        "동시에 바꾸는 사람이 너무 많습니다. 다시 시도해 주세요",
    ),
];

/// What a context says to programs, as people understand it.
const MEANT: &[(&str, &str)] = &[(
    "the first request with this Idempotency-Key is still running",
    "The first try may still be under way. Send the same form again in half a minute: it is not done twice.",
)];

/// What a context says of why it refused, in the reader's language as far as it is known.
pub(crate) fn refusal(lang: Lang, said: &str) -> String {
    let said = match said.strip_prefix("invalid type:") {
        Some(_) => "must be a number",
        None => said,
    };
    if lang == Lang::En {
        let meant = MEANT.iter().find(|(english, _)| *english == said);
        return meant.map_or(said, |(_, meant)| meant).to_owned();
    }
    if let Some((_, korean)) = REFUSALS.iter().find(|(english, _)| *english == said) {
        return (*korean).to_owned();
    }
    let between = |text: &str| -> Option<(String, String)> {
        let (least, most) = text.split_once(" to ")?;
        Some((least.to_owned(), most.to_owned()))
    };
    let rule = said.strip_prefix("must be ").and_then(|rule| {
        if let Some(characters) = rule.strip_suffix(" characters") {
            return between(characters).map(|(least, most)| format!("{least}~{most}자여야 합니다"));
        }
        if let Some(days) = rule.strip_prefix("a date from ") {
            return between(days)
                .map(|(first, last)| format!("{first}부터 {last}까지의 날짜여야 합니다"));
        }
        let numbers = rule.strip_prefix("a number from ").unwrap_or(rule);
        between(numbers)
            .filter(|(least, most)| [least, most].iter().all(|n| n.parse::<u64>().is_ok()))
            .map(|(least, most)| format!("{least}~{most} 사이의 숫자여야 합니다"))
    });
    rule.unwrap_or_else(|| said.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_is_the_best_liked_that_there_is() {
        for (accepted, expected) in [
            ("ko-KR,ko;q=0.9,en-US;q=0.8", Some(Lang::Ko)),
            ("fr, en;q=0.5, ko;q=0.7", Some(Lang::Ko)),
            ("en-GB", Some(Lang::En)),
            ("ko;q=0, en;q=0.1", Some(Lang::En)),
            ("de, *;q=0.5", None),
            ("", None),
        ] {
            assert_eq!(preferred(accepted), expected, "{accepted}");
        }
    }

    #[test]
    fn a_choice_outlives_what_the_browser_prefers() {
        let headers = [("accept-language", "en"), ("cookie", "a=b; madang-lang=ko")];
        let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        assert_eq!(Lang::of(&Request { headers, ..Request::default() }), Lang::Ko);
        assert_eq!(Lang::of(&Request::default()), Lang::En);
    }

    #[test]
    fn refusals_are_told_in_korean_as_far_as_they_are_known() {
        for (english, korean) in [
            ("must be 1 to 200 characters", "1~200자여야 합니다"),
            ("must be 0 to 1000000", "0~1000000 사이의 숫자여야 합니다"),
            (
                "must be a date from 2026-11-22 to 2026-12-01",
                "2026-11-22부터 2026-12-01까지의 날짜여야 합니다",
            ),
            ("invalid type: string \"x\", expected u64", "숫자여야 합니다"),
            ("is required", "필수 항목입니다"),
            ("something new", "something new"),
        ] {
            assert_eq!(refusal(Lang::Ko, english), korean);
        }
        assert_eq!(refusal(Lang::En, "is required"), "is required");
    }

    #[test]
    fn statuses_keep_the_wires_word_in_english() {
        assert_eq!(status(Lang::En, "ApprovedPayment"), ("ApprovedPayment", Tone::Good));
        assert_eq!(status(Lang::Ko, "ApprovedPayment"), ("결제 승인", Tone::Good));
        assert_eq!(status(Lang::Ko, "New"), ("New", Tone::Over));
    }
}
