//! The edge: from a request to what it asks for, and back. What Spring Data REST's clients expect, and
//! what HTTP asks for (RFC 9110).

pub mod action;
mod array;
mod change;
pub mod collection;
pub(crate) mod cors;
pub mod hal;
pub(crate) mod idempotency;
mod internal;
pub mod listing;
mod pages;
pub(crate) mod private;
mod quota;
pub(crate) mod routes;
mod settle;
pub(crate) mod source;

use serde_json::{Value, json};

use self::action::Action;
use self::hal::Place;
use self::idempotency::Keyed;
use self::listing::{DEFAULT_SIZE, Item, Listing};
use self::quota::Quota;
use self::source::{Methods, Source, Target};
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
    /// A plain array: of all, or of those whose field holds this text as it stands in the path.
    Array(&'d dyn Source, source::Array, Option<&'d str>),
    Action(&'static str, &'d Action),
    Internal(Vec<&'d str>),
}

impl<'d> Found<'d> {
    fn source(&self) -> Option<&'d dyn Source> {
        match self {
            Found::Collection(source)
            | Found::Item(source, _)
            | Found::Searches(source)
            | Found::Search(source, _)
            | Found::Array(source, ..) => Some(*source),
            Found::Action(..) | Found::Internal(_) => None,
        }
    }

    /// What its requests are counted under; nothing where they are not counted.
    fn name(&self) -> Option<&'static str> {
        match self {
            Found::Action(path, _) => Some(path),
            _ => self.source().map(Source::collection),
        }
    }
}

/// Answers a request.
pub fn serve(
    definition: &Definition,
    host: &dyn Host,
    version: &str,
    request: &Request,
) -> Response {
    if let Some(refused) = private::refusal(definition, request) {
        return refused;
    }
    let began = host.now();
    let mut env = definition.env(host, cause(host, request));
    let deadline = deadline::of(request, began);
    env.deadline = deadline.as_ref().ok().copied().flatten();
    let segments: Vec<&str> = request.path.trim_matches('/').split('/').collect();
    let found = find(definition, &segments);
    let allow = found.as_ref().map(|found| allow(definition, found));
    let source = found.as_ref().and_then(Found::source).or_else(|| definition.served().next());
    let entity = source.map_or(definition.context, Source::entity);
    let name = found.as_ref().and_then(Found::name);
    let quota = name
        .filter(|_| request.method != "OPTIONS")
        .and_then(|name| Quota::count(&env, request, name));
    let answered = match (&found, &allow) {
        (Some(found), Some(allow)) => deadline
            .and_then(|_| quota.and_then(Quota::refusal).map_or(Ok(()), Err))
            .and_then(|()| route(definition, &env, version, request, found, allow)),
        _ => Err(Problem::new(404, format!("there is nothing at {}", request.path))),
    };
    let mut response = answered.unwrap_or_else(|problem| {
        let problem = problem.concealing(definition.concealed);
        let response = problem.response(&request.path, entity);
        match &allow {
            Some(allow) if problem.status == 405 => response.with("allow", allow.as_str()),
            _ => response,
        }
    });
    if let Some(quota) = quota {
        response = quota.tell(response);
    }
    if name.is_some() {
        env.journal.tell(&env, request, response.status, began);
    }
    response = response.with("x-correlation-id", env.cause.correlation.as_str());
    let origins = || host.variable(cors::ORIGINS);
    response = cors::apply(origins, request, allow.as_deref(), response);
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
    let served = |name: &str| {
        definition
            .served()
            .find(|source| source.collection() == name || source.served().also == Some(name))
    };
    match segments {
        [system, "-", context, rest @ ..]
            if *system == definition.system && *context == definition.context =>
        {
            Some(Found::Internal(rest.to_vec()))
        }
        [system, rest @ ..] if *system == definition.system => {
            let own = action(definition, rest).or_else(|| array::at(definition, rest));
            own.or_else(|| match rest {
                [name] => served(name).map(Found::Collection),
                [name, "search"] => served(name)
                    .filter(|source| !source.served().searches.is_empty())
                    .map(Found::Searches),
                [name, "search", query] => {
                    let source = served(name)?;
                    let search =
                        source.served().searches.iter().find(|search| search.name == *query)?;
                    Some(Found::Search(source, *search))
                }
                [name, id] => served(name).map(|source| Found::Item(source, id)),
                _ => None,
            })
        }
        _ => None,
    }
}

fn action<'d>(definition: &'d Definition, path: &[&str]) -> Option<Found<'d>> {
    let found = definition.actions.iter().find(|(at, _)| is_at(at, path))?;
    Some(Found::Action(found.0, &found.1))
}

/// Whether a path stands in these segments.
fn is_at(at: &str, path: &[&str]) -> bool {
    at.split('/').eq(path.iter().copied())
}

fn allow(definition: &Definition, found: &Found) -> String {
    let mut methods = vec!["GET", "HEAD", "OPTIONS"];
    match found {
        Found::Action(_, action) => methods = action.methods().to_vec(),
        Found::Collection(source) if source.methods().post => methods.push("POST"),
        Found::Item(source, _) => {
            let Methods { put, patch, delete, .. } = source.methods();
            let more = [(put, "PUT"), (patch, "PATCH"), (delete, "DELETE")];
            methods.extend(more.iter().filter(|(is, _)| *is).map(|(_, method)| method));
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
        Found::Action(path, action) => return action.answer(env, request, path),
        Found::Collection(s) | Found::Item(s, _) | Found::Searches(s) | Found::Search(s, _) => *s,
        Found::Array(s, ..) => *s,
    };
    let place = Place {
        origin: request.origin(),
        path: format!("/{}/{}", env.system, source.collection()),
        collection: source.collection(),
        profile: format!("/{}/-/{}/profile/{}", env.system, env.context, source.collection()),
        searchable: !source.served().searches.is_empty(),
    };
    let lag = source.freshen(env)?;
    let response = match (found, method) {
        (Found::Collection(_), "POST") => post(env, request, source, &place)?,
        (Found::Collection(_), _) => {
            let listing =
                Listing::parse(request, &source.fields(), DEFAULT_SIZE).map_err(Error::from)?;
            place.page(request, &listing, &source.page(env, &listing)?)
        }
        (Found::Array(_, array, value), _) => {
            array::answer(env, request, &place, source, *array, *value)?
        }
        (Found::Searches(_), _) => place
            .searches(source.served().searches.iter().map(|search| (search.name, search.field))),
        (Found::Search(_, search), _) => {
            let mut listing =
                Listing::parse(request, &source.fields(), DEFAULT_SIZE).map_err(Error::from)?;
            listing.filter = Some((search.field, searched(request, *search)?));
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
        (Found::Internal(_) | Found::Action(..), _) => unreachable!("answered above"),
    };
    Ok(match lag {
        Some(lag) => response.with("madang-lag", lag.to_string()),
        None => response,
    })
}

fn searched(request: &Request, search: source::Search) -> Result<Value, Problem> {
    let field = search.field;
    let text = match request.parameter(field) {
        Some(text) if search.is_text => return Ok(json!(text)),
        None if search.is_text => {
            return Err(Error::from(Rejection::invalid(field, Value::Null, "is required")).into());
        }
        text => text.unwrap_or_default(),
    };
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
    let target = Target { id, expected: tags(request, "if-match")? };
    let gone = || Error::from(Rejection::MISSING);
    Ok(match method {
        "PUT" => {
            let item = source.put(env, target, request.json()?)?;
            place.item(200, &item.ok_or_else(gone)?)
        }
        "PATCH" => {
            let item = source.patch(env, target, request.json()?)?;
            place.item(200, &item.ok_or_else(gone)?)
        }
        "DELETE" => {
            source.delete(env, target)?;
            Response::empty(204)
        }
        _ => {
            let item = source.item(env, id)?.ok_or_else(gone)?;
            let known = tags(request, "if-none-match")?;
            if known.is_some_and(|tags| hal::names(tags, item.version)) {
                Response::empty(304).with("etag", hal::etag(item.version))
            } else {
                place.item(200, &item)
            }
        }
    })
}

/// The entity tags of a conditional request. Those that cannot be read are refused: the client means to be
/// careful.
fn tags<'r>(request: &'r Request, header: &'static str) -> Result<Option<&'r str>, Problem> {
    let tags = request.header(header);
    if tags.is_none_or(hal::are_tags) {
        return Ok(tags);
    }
    let must = "must be * or entity tags in quotes";
    Err(Error::from(Rejection::invalid(header, Value::Null, must)).into())
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
        Keyed::Answered(answer) => {
            return idempotency::not_refused(&answer).map(|answer| replay(place, answer));
        }
    };
    let done = source.post(env, body, claim.as_ref());
    idempotency::ended(env, claim, done).map(|item| place.item(201, &item))
}

/// The stored answer of an Idempotency-Key, with links as this request sees them.
fn replay(place: &Place, answer: &Value) -> Response {
    let number = |name: &str| answer[name].as_u64().unwrap_or(0);
    let item =
        Item { id: number("id"), version: number("version"), value: answer["value"].clone() };
    place.item(201, &item)
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
