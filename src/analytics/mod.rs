//! The questions: campaign funnels, events of a customer or campaign, reachability.

pub mod campaign_funnel;
pub mod customer;
pub mod eligibility;
pub mod event_list;
pub mod reachability;
