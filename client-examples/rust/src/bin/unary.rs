//! One text, one answer; plain and with a deadline.

use limbic_client_examples::v1::{
    AnalyzeRequest, analyze_request::Input, emotion_service_client::EmotionServiceClient,
};
use limbic_client_examples::{channel, describe};
use std::time::Duration;
use tonic::{Code, Request};

fn ask(text: &str) -> AnalyzeRequest {
    AnalyzeRequest { input: Some(Input::Text(text.into())), ..Default::default() }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut limbic = EmotionServiceClient::new(channel()?);
    let answer = limbic.analyze(ask("I can't believe we won!")).await?.into_inner();
    println!("{}", describe(&answer.analysis.unwrap_or_default()));

    // What is too late for a face is not worth computing: the server drops what nobody waits for any more.
    let mut request = Request::new(ask("Watch out, behind you!"));
    request.set_timeout(Duration::from_millis(200));
    match limbic.analyze(request).await {
        Ok(answer) => println!("{}", describe(&answer.into_inner().analysis.unwrap_or_default())),
        // tonic's own clock says CANCELLED, the server's DEADLINE_EXCEEDED.
        Err(status) if matches!(status.code(), Code::DeadlineExceeded | Code::Cancelled) => {
            println!("too late, the face stays as it is")
        }
        // RESOURCE_EXHAUSTED and UNAVAILABLE say in their RetryInfo when to try again.
        Err(status) => return Err(status.into()),
    }
    Ok(())
}
