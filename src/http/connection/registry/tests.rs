use super::*;
use crate::http::connection::pipelining::BodyRest;

/// A connection with a request whose body the application waits for.
fn with_body(began_ms: u64) -> Activity {
    let activity = Activity::new(None, began_ms);
    activity.request_began(BodyRest::Sized(60_000), began_ms);
    activity
}

#[test]
fn connections_that_were_left_in_a_request_are_older_than_those_that_were_used_since() {
    let budget = TimeBudget { initial_ms: 5_000, bytes_per_second: 500, max_ms: 10_000 };
    let head = TimeBudget { initial_ms: 5_000, bytes_per_second: 0, max_ms: 5_000 };
    let time_budgets = TimeBudgets { head, body: budget, answer: budget };
    let silent = with_body(1_000);
    silent.received(30_000, 1_500);
    let dripping = with_body(1_000);
    (1_000..9_000).step_by(1_000).for_each(|now_ms| dripping.received(1, now_ms));
    let steady = with_body(1_000);
    (1_000..9_000).step_by(100).for_each(|now_ms| steady.received(100, now_ms));
    let used = Activity::new(None, 500);
    used.request_began(BodyRest::None, 2_000);
    used.request_ended(3_000);
    let slow_head = Activity::new(None, 500);
    (1_000..9_000).step_by(1_000).for_each(|now_ms| slow_head.received(1, now_ms));
    let since = [&slow_head, &dripping, &silent, &used, &steady].map(|one| one.waiting_since_ms(&time_budgets));
    assert_eq!(since, [500, 1_016, 1_500, 3_000, 6_000]);
}

#[test]
fn a_body_waits_until_its_last_byte() {
    let activity = with_body(1_000);
    activity.received(59_999, 1_100);
    assert!(activity.work_state() == WorkState::Sending && activity.unfinished_body_bytes() > 59_999);
    activity.received(1, 1_200);
    assert!(activity.work_state() == WorkState::Working && activity.unfinished_body_bytes() > 60_000);
    activity.body_read();
    assert!(activity.work_state() == WorkState::Working && activity.unfinished_body_bytes() == 0);
}

fn short_budgets() -> TimeBudgets {
    let budget = |initial_ms| TimeBudget { initial_ms, bytes_per_second: 0, max_ms: initial_ms };
    TimeBudgets { head: budget(5_000), body: budget(5_000), answer: budget(5_000) }
}

/// The framework may wait for more than this server has seen as the end.
#[test]
fn a_body_that_the_application_has_not_read_has_a_time_limit() {
    for phase in [Phase::Open, Phase::Displaced] {
        let activity = Activity::new(None, 1_000);
        activity.request_began(BodyRest::Chunked, 1_000);
        activity.received(100, 1_000);
        activity.body_ended();
        activity.end(phase, 1_000);
        assert_eq!(activity.overdue(&short_budgets(), 6_000), None);
        assert_eq!(activity.overdue(&short_budgets(), 6_001), Some(Phase::BodyTooSlow));
        activity.body_read();
        assert_eq!(activity.overdue(&short_budgets(), 1_000_000), None, "the application works on it");
    }
}

#[test]
fn a_body_that_the_application_never_reads_has_no_time_limit_after_its_request() {
    let activity = with_body(1_000);
    activity.received(60_000, 1_000);
    activity.request_ended(2_000);
    assert_eq!(activity.overdue(&short_budgets(), 7_000), None);
}

#[test]
fn a_connection_between_requests_ends_even_if_the_framework_does_not_end_it() {
    let activity = Activity::new(None, 1_000);
    activity.request_began(BodyRest::None, 1_000);
    assert_eq!(activity.overdue(&short_budgets(), 100_000), None, "a request is in progress");
    activity.request_ended(2_000);
    assert_eq!(activity.overdue(&short_budgets(), 12_000), None);
    assert_eq!(activity.overdue(&short_budgets(), 12_001), Some(Phase::HeadTooSlow));
    let _stream = activity.ending.subscribe();
    assert_eq!(activity.overdue(&short_budgets(), 100_000), None, "a response is a stream");
}

const MIB: u64 = 1024 * 1024;
/// The reader waits since the start, and the flood is younger.
const READER: &str = "192.0.2.1:5000";
const FLOOD: &str = "192.0.2.9:6000";

/// A registry, and connections: one of a reader, and this number from one address, which floods the server.
fn flooded(flood: usize, prepare: impl Fn(&Activity, u64)) -> (Arc<Connections>, Permit, Vec<Permit>) {
    let mut settings = Settings::load(None).unwrap();
    settings.server.max_connections = 200;
    let connections = Connections::new(&settings, Metrics::new().unwrap());
    let admit = |peer: &str, now_ms: u64| {
        let permit = connections.admit(Some(peer.parse().unwrap()));
        prepare(&permit.activity, now_ms);
        permit
    };
    let reader = admit(READER, 0);
    std::thread::sleep(Duration::from_millis(2));
    let flood = (0..flood).map(|_| admit(FLOOD, 1)).collect();
    (connections, reader, flood)
}

fn ended(flood: &[Permit]) -> usize {
    flood.iter().filter(|permit| permit.activity.phase() != Phase::Open).count()
}

#[test]
fn a_flood_of_unread_answers_ends_its_own_connections() {
    let (connections, reader, flood) = flooded(80, |activity, now_ms| {
        activity.blocked(now_ms);
        activity.answered(MIB);
    });
    connections.limit_memory(&connections.registered());
    assert_eq!((reader.activity.phase(), ended(&flood)), (Phase::Open, 30));
}

#[test]
fn a_flood_of_unfinished_bodies_ends_its_own_connections() {
    let (connections, reader, flood) = flooded(100, |activity, now_ms| {
        activity.request_began(BodyRest::Sized(2 * MIB), now_ms);
        activity.received(MIB, now_ms);
    });
    connections.limit_memory(&connections.registered());
    assert!(reader.activity.phase() == Phase::Open && ended(&flood) > 36, "{}", ended(&flood));
}

#[test]
fn a_flood_of_connections_makes_room_with_its_own() {
    let (connections, reader, flood) = flooded(199, |_, _| {});
    let _new = connections.admit(Some("192.0.2.2:5000".parse().unwrap()));
    assert_eq!((reader.activity.phase(), ended(&flood)), (Phase::Open, 200_usize.div_ceil(CLOSED_FRACTION)));
}

/// The connections end after their responses, and they do not get their places back.
#[test]
fn a_flood_of_requests_in_progress_makes_room_with_its_own() {
    let (connections, reader, flood) = flooded(199, |activity, now_ms| activity.request_began(BodyRest::None, now_ms));
    reader.activity.request_ended(1);
    let new: Vec<Permit> = (0..100).map(|_| connections.admit(Some("192.0.2.2:5000".parse().unwrap()))).collect();
    assert!(new.iter().all(|permit| permit.activity.phase() == Phase::Open));
    assert_eq!(reader.activity.phase(), Phase::Open);
    let displaced = flood.iter().filter(|permit| permit.activity.phase() == Phase::Displaced).count();
    assert!(displaced >= 100 && connections.registered().open.len() <= 200, "{displaced}");
}

#[test]
fn behind_a_proxy_the_client_of_the_last_request_counts() {
    let (connections, reader, flood) = flooded(80, |activity, now_ms| {
        activity.blocked(now_ms);
        activity.answered(MIB);
    });
    // The reader and most of the flood are one client.
    let (client, others): (Arc<str>, Arc<str>) = (Arc::from("198.51.100.1"), Arc::from("198.51.100.2"));
    reader.activity.set_client(Arc::clone(&client));
    flood.iter().take(60).for_each(|permit| permit.activity.set_client(Arc::clone(&client)));
    flood.iter().skip(60).for_each(|permit| permit.activity.set_client(Arc::clone(&others)));
    connections.limit_memory(&connections.registered());
    assert_eq!((reader.activity.phase(), ended(&flood)), (Phase::Closed, 29));
}
