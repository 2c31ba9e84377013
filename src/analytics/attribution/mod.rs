//! Who is credited with the conversions of a workspace, under any model: computed on request from conversions that carry
//! their touches.

mod answer;
mod cells;
mod count;
mod lag;
mod question;
mod recipients;
mod run;
mod tally;

pub use answer::{Answer, Credit, Group, Listed, OtherGroups, Path, ScopeAnswer};
pub use count::{Counted, Counter, MAX_PATH_STEPS, Sale, ScopeCount};
pub use lag::{LagBucket, LagSummary, Lags};
pub use question::{Dimension, MAX_DIMENSIONS, PathStep, Question, RevenueBasis, Scope};
pub use recipients::{RecipientGroup, RecipientQuestion, Recipients, recipients};
pub use run::{Asked, answer};
pub use tally::{Money, Share, Sum, Tally};
