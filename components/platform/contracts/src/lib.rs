//! contracts: what each system says of itself. `GET /<system>` lists what it serves; its OpenAPI and AsyncAPI
//! documents are those of `docs/contracts`, taken in when this is built.

mod system;

use madang::http::{Request, Response};
use madang::{Site, Value};

use system::SYSTEMS;

madang::site!(Contracts, "../../../wit/platform");

struct Contracts;

impl Site for Contracts {
    fn get(request: &Request) -> Option<Response> {
        let path: Vec<&str> = request.path.trim_matches('/').split('/').collect();
        let (name, below) = path.split_first()?;
        let system = SYSTEMS.iter().find(|system| system.name == *name)?;
        match below {
            [] => Some(json("application/hal+json", &system.root(&request.origin()))),
            ["openapi.json"] => Some(text(system.openapi)),
            ["asyncapi.json"] => Some(text(system.asyncapi)),
            ["-", context, "openapi.json"] => {
                Some(json("application/json", &system.part(context)?))
            }
            _ => None,
        }
    }
}

fn json(media_type: &str, value: &Value) -> Response {
    Response::json(200, media_type, value)
}

fn text(document: &str) -> Response {
    let mut response = Response::empty(200).with("content-type", "application/json");
    response.body = document.as_bytes().to_vec();
    response
}
