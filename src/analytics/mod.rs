//! The questions: campaign funnels, events of a customer or campaign, who acted, reachability.

pub mod attribution;
pub mod audience;
pub mod automation;
pub mod breakdown;
pub mod campaign_funnel;
pub mod customer;
pub mod customer_export;
pub mod customer_facts;
pub mod customer_list;
pub mod eligibility;
pub mod event_list;
pub mod reachability;
pub mod step_times;
