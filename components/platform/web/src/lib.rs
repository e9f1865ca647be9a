//! web: the pages. Work (the tasks of each actor), follow (a saga as it happens, and who hears whom), operate
//! (how everything is, and what can be done about it). It has no state: it asks the systems' own REST and reads
//! their logs.

mod assets;
mod flow;
mod home;
mod log;
mod map;
mod model;
mod operations;
mod reach;
mod same_origin;
mod shell;
mod standing;
mod systems;
mod tasks;
mod topology;
mod visit;
mod words;

use madang::Site;
use madang::http::{Request, Response};

use visit::Visit;

madang::site!(Web, "../../../wit/platform");

struct Web;

impl Site for Web {
    const SHARED: bool = false;

    fn get(request: &Request) -> Option<Response> {
        let path: Vec<&str> = request.path.trim_matches('/').split('/').collect();
        let visit = Visit::new(request);
        match path.as_slice() {
            [""] => Some(home::get(&visit)),
            ["pages", file @ ("style.css" | "refresh.js" | "icon.svg")] => assets::get(file),
            ["pages", "language", lang] => visit::choose(request, lang),
            ["pages", "operations", rest @ ..] => operations::get(&visit, rest),
            ["pages", system, rest @ ..] => {
                let Some(system) = systems::named(system) else {
                    return Some(shell::missing(&visit));
                };
                match rest {
                    ["flow"] => Some(flow::list(&visit, system)),
                    ["flow", saga] => Some(flow::one(&visit, system, saga)),
                    ["map"] => Some(map::get(&visit, system)),
                    [page] => system.page(page).map(|page| tasks::get(&visit, system, page)),
                    _ => None,
                }
            }
            _ => None,
        }
        .or_else(|| Some(shell::missing(&visit)))
    }

    fn post(request: &Request) -> Option<Response> {
        let path: Vec<&str> = request.path.trim_matches('/').split('/').collect();
        let visit = Visit::new(request);
        if path == [""] {
            return None;
        }
        if !same_origin::is_from(request) {
            return Some(shell::foreign(&visit));
        }
        match path.as_slice() {
            ["pages", "operations", rest @ ..] => operations::post(&visit, rest),
            ["pages", system, page] => systems::named(system).and_then(|system| {
                let page = system.page(page)?;
                Some(tasks::post(&visit, system, page))
            }),
            _ => None,
        }
        .or_else(|| Some(shell::missing(&visit)))
    }
}
