//! A stream of chat lines. Answers come in the order of the lines, a wrong line gets an error in its place.

use limbic_client_examples::v1::{
    AnalyzeRequest, AnalyzeStreamResponse, Priority, analyze_request::Input, analyze_stream_response::Outcome,
    emotion_service_client::EmotionServiceClient,
};
use limbic_client_examples::{channel, describe};
use std::{sync::Arc, time::Instant};
use tokio::sync::{Semaphore, mpsc};
use tokio_stream::wrappers::ReceiverStream;

/// Lines sent and not yet answered. Without a bound a slow server makes the client's memory grow and every face late.
const MAX_IN_FLIGHT: usize = 4;

const CHAT: [&str; 6] = [
    "hey everyone, good to see you again",
    "did you hear that? something is moving down there",
    "run!!",
    "",
    "phew. that was close, thanks for waiting for me",
    "I miss the old village",
];

fn micros(started: Instant) -> i64 {
    started.elapsed().as_micros() as i64
}

/// Sends the lines, each as soon as there is room for it; ends with the stream.
async fn say(lines: mpsc::Sender<AnalyzeRequest>, room: Arc<Semaphore>, started: Instant) {
    for (number, text) in CHAT.into_iter().enumerate() {
        let Ok(place) = room.acquire().await else { return };
        place.forget(); // given back with the answer
        let request = AnalyzeRequest {
            request_id: format!("line-{number}"),
            client_time_micros: micros(started), // comes back as it is, so that the answer tells its own age
            priority: Priority::High as i32,     // a person waits for a face to move
            timeout_millis: 10_000, // of this line; a deadline of the call would be one of the whole stream
            input: Some(Input::Text(text.into())),
            ..Default::default()
        };
        if lines.send(request).await.is_err() {
            return;
        }
    }
}

fn outcome(answer: AnalyzeStreamResponse, started: Instant) -> String {
    let id = answer.request_id;
    match answer.outcome {
        Some(Outcome::Analysis(analysis)) => {
            format!("{id} after {} µs: {}", micros(started) - answer.client_time_micros, describe(&analysis))
        }
        // The stream lives on. retry_after_millis says when sending the line again makes sense; 0 means never.
        Some(Outcome::Error(error)) => format!("{id} failed: {} (code {})", error.message, error.code),
        _ => format!("{id}: this client does not know such an answer"),
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let started = Instant::now();
    let room = Arc::new(Semaphore::new(MAX_IN_FLIGHT));
    let (lines, requests) = mpsc::channel(1);
    tokio::spawn(say(lines, room.clone(), started));
    let mut limbic = EmotionServiceClient::new(channel()?);
    let mut answers = limbic.analyze_stream(ReceiverStream::new(requests)).await?.into_inner();
    while let Some(answer) = answers.message().await? {
        room.add_permits(1);
        println!("{}", outcome(answer, started));
    }
    Ok(())
}
