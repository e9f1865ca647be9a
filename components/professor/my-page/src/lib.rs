//! my-page (진행현황조회): how each professor's application for each course stands.

mod views;

use madang::spin::typed;
use madang::world::types::Problem;
use madang::{Context, Definition};

use contract::exports::madang::professor::apply_status_inquiries::{
    ApplyStatusInquiry as Resource, Guest,
};

madang::contract!(
    ApplyStatusInquiries,
    "madang:professor/my-page",
    "../../../wit/professor",
    sqlite
);

struct ApplyStatusInquiries;

impl Context for ApplyStatusInquiries {
    fn define() -> Definition {
        Definition::new("professor", "my-page").view(views::apply_status_inquiries())
    }
}

impl Guest for ApplyStatusInquiries {
    fn find(id: u64) -> Result<Resource, Problem> {
        typed::<Self, _>(|env| views::apply_status_inquiries().find(env, id)?.record())
    }
}
