//! customer-center (고객센터): how each reservation stands.

mod views;

use madang::spin::typed;
use madang::world::types::Problem;
use madang::{Context, Definition};

use contract::exports::madang::outerpark::my_pages::{Guest, MyPage as Resource};

madang::contract!(MyPages, "madang:outerpark/customer-center", "../../../wit/outerpark", sqlite);

struct MyPages;

impl Context for MyPages {
    fn define() -> Definition {
        Definition::new("outerpark", "customer-center").view(views::my_pages())
    }
}

impl Guest for MyPages {
    fn find(id: u64) -> Result<Resource, Problem> {
        typed::<Self, _>(|env| views::my_pages().find(env, id)?.record())
    }
}
