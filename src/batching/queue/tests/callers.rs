//! Requests of several callers.

use super::*;

impl Rig {
    fn send_from(&self, address: &'static str, number: u32) -> Sent {
        tokio::spawn(current_request::scope("id".into(), Caller::Address(address.into()), self.submit(number)))
    }

    async fn line_up_from(&self, address: &'static str, numbers: impl IntoIterator<Item = u32>) -> Vec<Sent> {
        let mut sent = Vec::new();
        for number in numbers {
            sent.push(self.send_from(address, number));
            self.wait_for(self.waiting() + 1).await;
        }
        sent
    }
}

#[tokio::test]
async fn callers_take_turns_in_a_batch_and_the_oldest_request_is_in_it() {
    let mut rig = Rig::new(1, 4);
    let first = rig.occupy(0).await;
    let mut waiting = rig.line_up_from("flood", 1..=8).await;
    waiting.extend(rig.line_up_from("one", [21, 22]).await);
    waiting.extend(rig.line_up_from("two", [31]).await);
    for batch in [vec![1, 2, 21, 31], vec![3, 4, 5, 22], vec![6, 7, 8]] {
        rig.go_on();
        assert_eq!(rig.next().await, batch);
    }
    rig.go_on();
    for sent in std::iter::once(first).chain(waiting) {
        answered(sent).await;
    }
    rig.assert_empty().await;
}

#[tokio::test]
async fn heavy_requests_of_one_caller_fill_its_share_of_a_batch() {
    let mut rig = Rig::new(1, 64);
    let first = rig.occupy(0).await;
    let mut waiting = rig.line_up_from("heavy", HEAVY..HEAVY + 5).await;
    waiting.extend(rig.line_up_from("light", 1..=3).await);
    waiting.extend(rig.line_up_from("other", [HEAVY + 5]).await);
    let shared = vec![HEAVY, 1, 2, 3, HEAVY + 5];
    for batch in [shared, vec![HEAVY + 1, HEAVY + 2], vec![HEAVY + 3, HEAVY + 4]] {
        rig.go_on();
        assert_eq!(rig.next().await, batch);
    }
    rig.go_on();
    for sent in std::iter::once(first).chain(waiting) {
        answered(sent).await;
    }
    rig.assert_empty().await;
}

#[tokio::test]
async fn one_caller_has_an_eighth_of_the_queue() {
    let mut rig = Rig::on(database(1, 16), 1, 64);
    let first = rig.occupy(0).await;
    let flood = rig.line_up_from("flood", 1..=2).await;
    assert!(matches!(failed(rig.send_from("flood", 3)).await, Failure::QueueFull));
    let other = rig.line_up_from("other", 4..=5).await;
    rig.go_on();
    assert_eq!(rig.next().await, [1, 2, 4, 5]);
    let after = rig.line_up_from("flood", 6..=7).await;
    rig.go_on();
    assert_eq!(rig.next().await, [6, 7]);
    rig.go_on();
    for sent in std::iter::once(first).chain(flood).chain(other).chain(after) {
        answered(sent).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_that_has_waited_elsewhere_waits_less_for_a_batch() {
    let mut rig = Rig::on(database(1, QUEUE_LENGTH), 1, 64);
    let elsewhere = rig.database.permit(Instant::now()).await.unwrap();
    let began = Instant::now();
    let submit = rig.submit(1);
    let request = async {
        Wait::begin(QUEUE_TIME).on(tokio::time::sleep(QUEUE_TIME / 2)).await.unwrap();
        submit.await
    };
    let refused = current_request::scope("id".into(), Caller::Address("one".into()), request).await;
    assert!(matches!(refused, Err(Failure::QueueFull)));
    assert_eq!(began.elapsed(), QUEUE_TIME);
    drop(elsewhere);
    rig.assert_empty().await;
}
