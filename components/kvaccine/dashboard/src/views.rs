//! dashboard (현황판): what each event changes on it.

use madang::{Change, View};

use crate::contract::exports::madang::kvaccine::dashboards::Dashboard as Row;
use crate::contract::madang::kvaccine::hospital_events::{
    HospitalReservationReceived, VaccineInjected,
};
use crate::contract::madang::kvaccine::reservation_events::{
    ReservationCancelled, ReservationRejected, ReservationRequested,
};

madang::heard!(
    ReservationRequested,
    ReservationRejected,
    ReservationCancelled,
    HospitalReservationReceived,
    VaccineInjected,
);

/// One row for each user who has asked for a day.
pub fn dashboards() -> View {
    View::new::<Row>("kvaccine-dashboard", "dashboards", "Dashboard", "userId")
        .array_at("dashboard/list", "vaccineType")
        .on(|requested: ReservationRequested| {
            let ReservationRequested { user_id, user_name, user_reg_number, .. } = requested;
            begin(user_id, user_name, user_reg_number)
                .set("reserveStatus", requested.reserve_status)
                .set("reserveDate", requested.reserve_date)
        })
        // The first that is told of a user whom a full day rejects, so there is no row yet.
        .on(|rejected: ReservationRejected| {
            let ReservationRejected { user_id, user_name, user_reg_number, .. } = rejected;
            begin(user_id, user_name, user_reg_number)
                .set("reserveStatus", rejected.reserve_status)
                .set("reserveDate", rejected.reserve_date)
        })
        .on(|received: HospitalReservationReceived| {
            Change::update(received.user_id).set("vaccineType", received.vaccine_type)
        })
        // Where the hospital was faster than the cancel, the vaccine is in the arm.
        .on(|cancelled: ReservationCancelled| {
            Change::update(cancelled.user_id)
                .unless("injectDate")
                .set("reserveStatus", cancelled.reserve_status)
                .set("cancelDate", cancelled.cancel_date)
        })
        .on(|injected: VaccineInjected| {
            Change::update(injected.user_id)
                .set("reserveStatus", injected.reserve_status)
                .set("injectDate", injected.inject_date)
                .set("vaccineType", injected.vaccine_type)
        })
}

fn begin(user_id: u64, user_name: String, user_reg_number: String) -> Change {
    Change::create(user_id).set("userName", user_name).set("userRegNumber", user_reg_number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_hears_what_changes_how_a_reservation_stands() {
        let heard: Vec<_> = dashboards().subscriptions().collect();
        assert_eq!(
            heard,
            [
                "ReservationRequested",
                "ReservationRejected",
                "HospitalReservationReceived",
                "ReservationCancelled",
                "VaccineInjected",
            ]
        );
    }
}
