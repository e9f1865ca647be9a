//! my-page (마이페이지): how each class of a student stands.

mod views;

use madang::spin::typed;
use madang::world::types::Problem;
use madang::{Context, Definition};

use contract::exports::madang::lecture::inquiry_mypages::{Guest, InquiryMypage as Resource};

madang::contract!(InquiryMypages, "madang:lecture/my-page", "../../../wit/lecture", sqlite);

struct InquiryMypages;

impl Context for InquiryMypages {
    fn define() -> Definition {
        Definition::new("lecture", "my-page").view(views::inquiry_mypages())
    }
}

impl Guest for InquiryMypages {
    fn find(id: u64) -> Result<Resource, Problem> {
        typed::<Self, _>(|env| views::inquiry_mypages().find(env, id)?.record())
    }
}
