//! One text, one answer; plain and with a deadline.

use limbic_client_examples::v1::{
    AnalyzeRequest, AnalyzeResponse, analyze_request::Input, analyze_response::Result as Found,
    emotion_service_client::EmotionServiceClient,
};
use limbic_client_examples::{channel, describe};
use std::time::Duration;
use tonic::{Code, Request};

fn ask(text: &str) -> AnalyzeRequest {
    AnalyzeRequest { input: Some(Input::Text(text.into())), ..Default::default() }
}

fn told(answer: &AnalyzeResponse) -> String {
    match &answer.result {
        Some(Found::Analysis(analysis)) => describe(analysis),
        _ => "this client does not know such an answer".into(),
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut limbic = EmotionServiceClient::new(channel()?);
    let answer = limbic.analyze(ask("I can't believe we won!")).await?.into_inner();
    println!("{}", told(&answer));

    // What is too late for a face is not worth computing: the server drops what nobody waits for any more.
    let mut request = Request::new(ask("Watch out, behind you!"));
    request.set_timeout(Duration::from_millis(200));
    match limbic.analyze(request).await {
        Ok(answer) => println!("{}", told(&answer.into_inner())),
        // tonic's own clock says CANCELLED, the server's DEADLINE_EXCEEDED.
        Err(status) if matches!(status.code(), Code::DeadlineExceeded | Code::Cancelled) => {
            println!("too late, the face stays as it is")
        }
        // RESOURCE_EXHAUSTED and UNAVAILABLE say in their RetryInfo when to try again.
        Err(status) => return Err(status.into()),
    }
    Ok(())
}
