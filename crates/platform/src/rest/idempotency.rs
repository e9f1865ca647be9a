//! `Idempotency-Key` on POST: the same key with the same body gets the stored answer for 24 hours; with
//! another body 422; while the first is still running 409.

use std::hash::Hasher;

use serde_json::{Value, json};
use siphasher::sip128::{Hasher128, SipHasher24};

use crate::env::Env;
use crate::error::Error;
use crate::http::Request;
use crate::problem::Problem;
use crate::redis::{IDEMPOTENCY, Reply, words};
use crate::work::Work;

/// How long a claim keeps others off, in milliseconds: as long as a request may take.
const CLAIM: &str = "30000";
/// How long an answer is kept, in milliseconds.
const KEPT: &str = "86400000";
/// Characters of a key at most.
const MAX_KEY: usize = 255;

/// A claim on a key.
pub(crate) struct Claim {
    pub(crate) record: String,
    pub(crate) token: String,
    /// The intent of a claim before, whose request did not end.
    pub(crate) subject: Option<u64>,
}

/// What a key says.
pub(crate) enum Keyed {
    /// There is no key.
    Without,
    /// The request is to be carried out.
    Claimed(Claim),
    /// It was carried out; its answer.
    Answered(Value),
}

/// Claims the request's key.
///
/// # Errors
/// 400 for a key that is none, 422 and 409 as above, those of Redis.
pub(crate) fn claim(env: &Env, request: &Request, collection: &str) -> Result<Keyed, Problem> {
    let key = request.header("idempotency-key");
    let Some(key) = key.filter(|_| cfg!(not(feature = "without-idempotency-check"))) else {
        return Ok(Keyed::Without);
    };
    let key = key.trim().trim_matches('"');
    if key.is_empty() || key.len() > MAX_KEY || !key.bytes().all(|byte| byte.is_ascii_graphic()) {
        let detail = format!("Idempotency-Key must be 1 to {MAX_KEY} visible ASCII characters");
        return Err(Problem::new(400, detail));
    }
    let record = format!("idempotency:{collection}:{key}");
    let token = env.unique();
    let fingerprint = fingerprint(env, request);
    let arguments = words([&fingerprint, &token, CLAIM, KEPT]);
    let mut replies = env
        .script(&IDEMPOTENCY, &[env.key(&record)], arguments)?
        .into_iter()
        .filter_map(Reply::text);
    let state = replies.next().unwrap_or_default();
    let detail = replies.next().unwrap_or_default();
    match state.as_str() {
        "mine" => Ok(Keyed::Claimed(Claim { record, token, subject: detail.parse().ok() })),
        "done" => {
            serde_json::from_str(&detail).map(Keyed::Answered).map_err(|e| Error::fault(e).into())
        }
        "differs" => Err(Problem::new(422, "this Idempotency-Key was used with another request")),
        _ => Err(Problem::new(409, "the first request with this Idempotency-Key is still running")),
    }
}

/// A stored answer, unless it is a refusal.
///
/// # Errors
/// The refusal.
pub(crate) fn not_refused(answer: &Value) -> Result<&Value, Problem> {
    match answer["refused"].as_str() {
        Some(refused) => Err(Problem::new(409, refused)),
        None => Ok(answer),
    }
}

/// What was done under a claim; where it came to nothing, the claim is ended.
///
/// # Errors
/// Why it came to nothing.
pub(crate) fn ended<T>(
    env: &Env,
    claim: Option<Claim>,
    done: Result<T, Error>,
) -> Result<T, Problem> {
    done.map_err(|error| {
        let problem = Problem::from(error);
        if let Some(Err(error)) = claim.map(|claim| claim.end(env, &problem)) {
            // The answer is the problem either way; the claim ends by itself where Redis is away.
            eprintln!("the Idempotency-Key keeps its claim: {error}");
        }
        problem
    })
}

impl Claim {
    /// Ends a claim whose request came to nothing: a refusal by the state is given again; after a
    /// request that was wrong in itself the key is free, for the corrected one; anything else can be
    /// tried anew with the same request.
    pub(crate) fn end(&self, env: &Env, problem: &Problem) -> Result<(), Error> {
        let mut work = Work::new(env);
        work.check(&self.record, "token", &self.token);
        let refused = json!({"refused": problem.detail}).to_string();
        work.command(&match problem.status {
            409 => vec!["HSET", &self.record, "answer", &refused],
            400 => vec!["DEL", &self.record],
            _ => vec!["HDEL", &self.record, "until"],
        });
        match work.commit() {
            // Another has claimed the key since: it is no longer this request's to end.
            Err(Error::Conflict) => Ok(()),
            other => other.map(drop),
        }
    }
}

/// Keyed, so that whoever reads Redis cannot find out by trying what a body said that is kept nowhere
/// else (`spec/kvaccine.md`: no registration number in the clear).
fn fingerprint(env: &Env, request: &Request) -> String {
    let secret = env.host.variable("service_token").unwrap_or_default();
    let key = SipHasher24::new().hash(secret.as_bytes()).as_bytes();
    let mut hasher = SipHasher24::new_with_key(&key);
    hasher.write(request.path.as_bytes());
    hasher.write(b"\0");
    hasher.write(&request.body);
    format!("{:032x}", hasher.finish128().as_u128())
}
