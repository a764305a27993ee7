//! A conversation: utterances go in at any time; emotions and the tokens of the replies come back as they are known.

use limbic_client_examples::v1::{
    InteractRequest, InteractResponse, InteractSetup, Utterance, interact_request::Event as Said,
    interact_response::Event, interaction_service_client::InteractionServiceClient,
};
use limbic_client_examples::{channel, describe};
use std::io::Write;
use tokio::sync::{mpsc, oneshot};
use tokio_stream::wrappers::ReceiverStream;

/// Shows what was heard in lines of its own, and replies as they are written.
#[derive(Default)]
struct Printer {
    writing: bool,
}

impl Printer {
    /// Emotions of a later utterance may come in the midst of a reply.
    fn line(&mut self, text: String) {
        println!("{}{text}", if self.writing { "\n" } else { "" });
        self.writing = false;
    }

    fn write(&mut self, text: &str) {
        print!("{text}");
        let _ = std::io::stdout().flush();
        self.writing = true;
    }

    fn show(&mut self, event: &InteractResponse) {
        let id = &event.event_id;
        match &event.event {
            Some(Event::Analysis(analysis)) => self.line(format!("{id} {}", describe(analysis))),
            Some(Event::Error(error)) => self.line(format!("{id} failed: {} (code {})", error.message, error.code)),
            Some(Event::ReplyStarted(started)) => {
                let by = if started.template { "a ready-made line" } else { &started.model };
                let target = started.target.as_ref();
                let how = target.map(|it| format!(" with {}", it.emotion().as_str_name())).unwrap_or_default();
                self.line(format!("{id} will be answered by {by} ({}{how}):", started.strategy));
            }
            Some(Event::Token(token)) => self.write(&token.text_delta),
            Some(Event::ReplyFinished(finished)) => {
                self.write(&finished.text_delta);
                let usage = finished.usage.unwrap_or_default();
                self.line(format!(
                    "{id} {}, {} tokens, the first after {} µs",
                    finished.reason().as_str_name(),
                    usage.completion_tokens,
                    usage.first_token_micros,
                ));
            }
            _ => self.line("this client does not know such an event".into()),
        }
    }
}

fn say(number: usize, text: &str) -> InteractRequest {
    // What comes back carries the id of the event that caused it: answers to several come interleaved.
    let utterance = Utterance { text: text.into(), ..Default::default() };
    InteractRequest {
        event_id: format!("utterance-{number}"),
        event: Some(Said::Utterance(utterance)),
        ..Default::default()
    }
}

/// Sends what is said, and waits for the first reply before it goes on. `None` if the stream has ended.
async fn turns(requests: mpsc::Sender<InteractRequest>, first_reply: oneshot::Receiver<()>) -> Option<()> {
    // With barge_in an utterance would interrupt the reply that is being written.
    let setup = InteractSetup { persona: "I like to talk about music.".into(), ..Default::default() };
    requests.send(InteractRequest { event: Some(Said::Setup(setup)), ..Default::default() }).await.ok()?;
    requests.send(say(1, "Hello! Guess what, I won two tickets for tonight!")).await.ok()?;
    first_reply.await.ok()?;
    // Both at once: the second is read while the first is being answered.
    requests.send(say(2, "But now my friend is ill and cannot come.")).await.ok()?;
    requests.send(say(3, "Would you like to join me?")).await.ok()
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (requests, outgoing) = mpsc::channel(4);
    let (replied, first_reply) = oneshot::channel();
    tokio::spawn(turns(requests, first_reply));
    let mut limbic = InteractionServiceClient::new(channel()?);
    let mut events = limbic.interact(ReceiverStream::new(outgoing)).await?.into_inner();
    let (mut printer, mut replied) = (Printer::default(), Some(replied));
    // The stream ends when everything is answered; what the server remembers of it ends with it.
    while let Some(event) = events.message().await? {
        printer.show(&event);
        let settled = matches!(event.event, Some(Event::ReplyFinished(_) | Event::Error(_)));
        if let Some(first) = replied.take_if(|_| settled) {
            let _ = first.send(());
        }
    }
    Ok(())
}
