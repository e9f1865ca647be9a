//! my-page (진행현황조회): what each event changes in how an application stands.

use madang::{Change, View};

use crate::contract::exports::madang::professor::apply_status_inquiries::ApplyStatusInquiry as Row;
use crate::contract::madang::professor::course_management_events::CourseCompleted;
use crate::contract::madang::professor::professor_applyment_events::{
    ApplymentCanceled, ProfessorApplyed,
};
use crate::contract::madang::professor::professor_evaluation_events::ProfessorConfirmed;

madang::heard!(ProfessorApplyed, ApplymentCanceled, ProfessorConfirmed, CourseCompleted);

/// One row for each course and professor.
pub fn apply_status_inquiries() -> View {
    let key = ["courseNo", "professorNo"];
    View::by_two::<Row>("professor-my-page", "applyStatusInquiries", "ApplyStatusInquiry", key)
        .also_at("applystatusinquiries")
        .search("findByProfessorNo", "professorNo")
        .on(|applyed: ProfessorApplyed| {
            Change::create((applyed.course_no, applyed.professor_no))
                .set("professorNm", applyed.professor_nm)
                .set("status", "Applyed".to_owned())
        })
        .on(|canceled: ApplymentCanceled| {
            Change::update((canceled.course_no, canceled.professor_no))
                .set("status", "Canceled".to_owned())
        })
        .on(|confirmed: ProfessorConfirmed| {
            Change::update((confirmed.course_no, confirmed.professor_no))
                .set("status", "Confirmed".to_owned())
        })
        .on(|completed: CourseCompleted| {
            Change::update((completed.course_no, completed.professor_no))
                .set("status", "Completed".to_owned())
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_hears_what_changes_how_an_application_stands() {
        let heard: Vec<_> = apply_status_inquiries().subscriptions().collect();
        let expected =
            ["ProfessorApplyed", "ApplymentCanceled", "ProfessorConfirmed", "CourseCompleted"];
        assert_eq!(heard, expected);
    }
}
