//! What notification does when it hears of a professor.

use madang::event::rfc3339;
use madang::{Error, Policies, Work};

use crate::contract::madang::professor::course_management_events::CourseCompleted;
use crate::contract::madang::professor::professor_applyment_events::{
    ApplymentCanceled, ProfessorApplyed,
};
use crate::domain::{Command, SmsHistory};

madang::heard!(ProfessorApplyed, ApplymentCanceled, CourseCompleted);

/// On `ProfessorApplyed`, on `ApplymentCanceled`, on `CourseCompleted`: the professor is sent an SMS.
pub fn policies() -> Policies {
    Policies::new()
        .on(|applyed: ProfessorApplyed, work| {
            send(work, &applyed.phone_number, "교수 신청이 등록 되었습니다.")
        })
        .on(|canceled: ApplymentCanceled, work| {
            send(work, &canceled.phone_number, "교수 신청이 취소 되었습니다.")
        })
        .on(|completed: CourseCompleted, work| {
            send(work, &completed.phone_number, "교수로 임명 되었습니다.")
        })
}

fn send(work: &mut Work, phone_number: &str, contents: &str) -> Result<(), Error> {
    let time = rfc3339(work.env.host.now());
    let (to, text) = (phone_number.to_owned(), contents.to_owned());
    work.create::<SmsHistory>(|id| {
        Ok(Command::Send { id, phone_number: to, contents: text, time })
    })?;
    work.send(phone_number, contents)
}
