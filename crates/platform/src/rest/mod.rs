//! The edge: from a request to what it asks for, and back. What Spring Data REST's clients expect, and
//! what HTTP asks for (RFC 9110).

pub mod collection;
mod cors;
pub mod hal;
pub(crate) mod idempotency;
mod internal;
pub mod listing;
mod pages;
mod quota;
mod settle;
pub(crate) mod source;

use serde_json::{Value, json};

use self::hal::Place;
use self::idempotency::Keyed;
use self::listing::{Item, Listing};
use self::quota::Quota;
use self::source::Source;
use crate::context::Definition;
use crate::deadline;
use crate::env::{Cause, Env, Host};
use crate::error::{Error, Rejection};
use crate::http::{Request, Response};
use crate::problem::Problem;
use crate::trace;

/// Characters of a correlation id at most.
const MAX_CORRELATION: usize = 128;

/// What is at a path.
enum Found<'d> {
    Collection(&'d dyn Source),
    Item(&'d dyn Source, &'d str),
    Searches(&'d dyn Source),
    Search(&'d dyn Source, source::Search),
    Internal(Vec<&'d str>),
}

/// Answers a request.
pub fn serve(
    definition: &Definition,
    host: &dyn Host,
    version: &str,
    request: &Request,
) -> Response {
    let began = host.now();
    let mut env = definition.env(host, cause(host, request));
    let deadline = deadline::of(request, began);
    env.deadline = deadline.as_ref().ok().copied().flatten();
    let segments: Vec<&str> = request.path.trim_matches('/').split('/').collect();
    let found = find(definition, &segments);
    let allow = found.as_ref().map(|found| allow(definition, found));
    let source = match &found {
        Some(
            Found::Collection(s) | Found::Item(s, _) | Found::Searches(s) | Found::Search(s, _),
        ) => Some(*s),
        _ => None,
    };
    let entity = source.map_or(definition.context, Source::entity);
    let quota = source
        .filter(|_| request.method != "OPTIONS")
        .and_then(|source| Quota::count(&env, request, source.collection()));
    let answered = match (&found, &allow) {
        (Some(found), Some(allow)) => deadline
            .and_then(|_| quota.and_then(Quota::refusal).map_or(Ok(()), Err))
            .and_then(|()| route(definition, &env, version, request, found, allow)),
        _ => Err(Problem::new(404, format!("there is nothing at {}", request.path))),
    };
    let mut response = answered.unwrap_or_else(|problem| {
        let response = problem.response(&request.path, entity);
        match &allow {
            Some(allow) if problem.status == 405 => response.with("allow", allow.as_str()),
            _ => response,
        }
    });
    if let Some(quota) = quota {
        response = quota.tell(response);
    }
    if source.is_some() {
        env.journal.tell(&env, request, response.status, began);
    }
    response = response.with("x-correlation-id", env.cause.correlation.as_str());
    response = cors::apply(&env, request, allow.as_deref(), response);
    if request.method == "HEAD" {
        // Without the length that GET would have: hosts refuse one that the body does not keep.
        response.body.clear();
    }
    response
}

/// What a request is the cause of: its own id, its saga's, its trace.
fn cause(host: &dyn Host, request: &Request) -> Cause {
    let traceparent = trace::continued(request.header("traceparent"), || host.random());
    let id = format!("{:016x}{:016x}", host.random(), host.random());
    let brought = request.header("x-correlation-id").filter(|id| {
        (1..=MAX_CORRELATION).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_graphic())
    });
    Cause { correlation: brought.unwrap_or(&id).to_owned(), id, traceparent }
}

fn find<'d>(definition: &'d Definition, segments: &[&'d str]) -> Option<Found<'d>> {
    let served = |name: &str| definition.served().find(|source| source.collection() == name);
    match segments {
        [system, "-", context, rest @ ..]
            if *system == definition.system && *context == definition.context =>
        {
            Some(Found::Internal(rest.to_vec()))
        }
        [system, rest @ ..] if *system == definition.system => match rest {
            [name] => served(name).map(Found::Collection),
            [name, "search"] => {
                served(name).filter(|source| !source.searches().is_empty()).map(Found::Searches)
            }
            [name, "search", query] => {
                let source = served(name)?;
                let search = source.searches().iter().find(|search| search.name == *query)?;
                Some(Found::Search(source, *search))
            }
            [name, id] => served(name).map(|source| Found::Item(source, id)),
            _ => None,
        },
        _ => None,
    }
}

fn allow(definition: &Definition, found: &Found) -> String {
    let mut methods = vec!["GET", "HEAD", "OPTIONS"];
    match found {
        Found::Collection(source) if source.methods().0 => methods.push("POST"),
        Found::Item(source, _) => {
            let (_, put, delete) = source.methods();
            if put {
                methods.extend(["PUT", "PATCH"]);
            }
            if delete {
                methods.push("DELETE");
            }
        }
        Found::Internal(path) => match path.as_slice() {
            ["dead-letters" | "dead-messages", _] => methods = vec!["DELETE", "OPTIONS"],
            ["dead-letters" | "dead-messages", _, "replay"] => methods = vec!["POST", "OPTIONS"],
            [name] if definition.questions.iter().any(|(question, _)| question == name) => {
                methods = vec!["POST", "OPTIONS"];
            }
            _ => {}
        },
        _ => {}
    }
    methods.join(", ")
}

fn route(
    definition: &Definition,
    env: &Env,
    version: &str,
    request: &Request,
    found: &Found,
    allow: &str,
) -> Result<Response, Problem> {
    // A HEAD is a GET whose body stays here.
    let method = if request.method == "HEAD" { "GET" } else { &request.method };
    if method == "OPTIONS" {
        return Ok(Response::empty(204).with("allow", allow));
    }
    if !allow.split(", ").any(|allowed| allowed == method) {
        return Err(Problem::new(405, format!("{method} is not possible here; {allow} are")));
    }
    let source = match found {
        Found::Internal(path) => return internal::answer(definition, env, version, request, path),
        Found::Collection(s) | Found::Item(s, _) | Found::Searches(s) | Found::Search(s, _) => *s,
    };
    let place = Place {
        origin: request.origin(),
        path: format!("/{}/{}", env.system, source.collection()),
        collection: source.collection(),
        profile: format!("/{}/-/{}/profile/{}", env.system, env.context, source.collection()),
        searchable: !source.searches().is_empty(),
    };
    let lag = source.freshen(env)?;
    let response = match (found, method) {
        (Found::Collection(_), "POST") => post(env, request, source, &place)?,
        (Found::Collection(_), _) => {
            let listing = Listing::parse(request, &source.fields()).map_err(Error::from)?;
            place.page(request, &listing, &source.page(env, &listing)?)
        }
        (Found::Searches(_), _) => {
            place.searches(source.searches().iter().map(|search| (search.name, search.field)))
        }
        (Found::Search(_, search), _) => {
            let mut listing = Listing::parse(request, &source.fields()).map_err(Error::from)?;
            listing.filter = Some((search.field, searched(request, search.field)?));
            place.page(request, &listing, &source.page(env, &listing)?)
        }
        (Found::Item(_, id), method) => {
            let id = id.parse().ok().filter(|id| *id > 0).ok_or_else(|| {
                Problem::from(Error::from(Rejection::invalid(
                    "id",
                    *id,
                    "must be a number from 1 up",
                )))
            })?;
            item(env, request, source, &place, id, method)?
        }
        (Found::Internal(_), _) => unreachable!("answered above"),
    };
    Ok(match lag {
        Some(lag) => response.with("madang-lag", lag.to_string()),
        None => response,
    })
}

fn searched(request: &Request, field: &'static str) -> Result<Value, Problem> {
    let text = request.parameter(field).unwrap_or_default();
    let number: Result<u64, _> = text.parse();
    let refused = || Error::from(Rejection::invalid(field, text, "must be a number from 0 up"));
    Ok(json!(number.map_err(|_| refused())?))
}

fn item(
    env: &Env,
    request: &Request,
    source: &dyn Source,
    place: &Place,
    id: u64,
    method: &str,
) -> Result<Response, Problem> {
    let expected = request.header("if-match");
    let gone = || Error::from(Rejection::MISSING);
    Ok(match method {
        "PUT" => {
            let item = source.put(env, id, expected, request.json()?)?;
            place.item(200, &item.ok_or_else(gone)?)
        }
        "PATCH" => {
            let item = source.patch(env, id, expected, request.json()?)?;
            place.item(200, &item.ok_or_else(gone)?)
        }
        "DELETE" => {
            source.delete(env, id, expected)?;
            Response::empty(204)
        }
        _ => {
            let item = source.item(env, id)?.ok_or_else(gone)?;
            let known = request.header("if-none-match");
            if known.is_some_and(|tags| hal::names(tags, item.version)) {
                Response::empty(304).with("etag", hal::etag(item.version))
            } else {
                place.item(200, &item)
            }
        }
    })
}

fn post(
    env: &Env,
    request: &Request,
    source: &dyn Source,
    place: &Place,
) -> Result<Response, Problem> {
    let body = request.json()?;
    let claim = match idempotency::claim(env, request, source.collection())? {
        Keyed::Without => None,
        Keyed::Claimed(claim) => Some(claim),
        Keyed::Answered(answer) => return replay(place, &answer, request, source),
    };
    match source.post(env, body, claim.as_ref()) {
        Ok(item) => Ok(place.item(201, &item)),
        Err(error) => {
            let problem = Problem::from(error);
            if let Some(Err(error)) = claim.map(|claim| claim.end(env, &problem)) {
                // The answer is the problem either way; the claim ends by itself where Redis is away.
                eprintln!("the Idempotency-Key keeps its claim: {error}");
            }
            Err(problem)
        }
    }
}

/// The stored answer of an Idempotency-Key, with links as this request sees them.
fn replay(
    place: &Place,
    answer: &Value,
    request: &Request,
    source: &dyn Source,
) -> Result<Response, Problem> {
    if let Some(refused) = answer["refused"].as_str() {
        return Ok(Problem::new(409, refused).response(&request.path, source.entity()));
    }
    let number = |name: &str| answer[name].as_u64().unwrap_or(0);
    let item =
        Item { id: number("id"), version: number("version"), value: answer["value"].clone() };
    Ok(place.item(201, &item))
}

/// What a collection is, in ALPS, as far as its clients need it.
fn profile(source: &dyn Source) -> Response {
    let fields: Vec<Value> =
        source.fields().iter().map(|name| json!({"name": name, "type": "SEMANTIC"})).collect();
    let body = json!({
        "alps": {"version": "1.0", "descriptor": [
            {"id": source.collection(), "type": "SEMANTIC", "descriptor": fields}
        ]},
    });
    Response::json(200, "application/alps+json", &body)
}
