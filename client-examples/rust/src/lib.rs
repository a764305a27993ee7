//! What the examples share: the stubs, the connection, and an analysis in a line.

use tonic::transport::{Channel, Endpoint, Error};

pub mod v1 {
    tonic::include_proto!("limbic.v1");
}

/// The server that the command line names. Make one channel and keep it: it connects again by itself, and its clones share
/// the connection.
pub fn channel() -> Result<Channel, Error> {
    let named = std::env::args().skip_while(|argument| argument != "--target").nth(1);
    let target = named.unwrap_or_else(|| "localhost:50051".into());
    Ok(Endpoint::from_shared(format!("http://{target}"))?.connect_lazy())
}

/// The strongest canonical emotion, if the model has a mapping, the affect, and why it took as long as it did.
pub fn describe(analysis: &v1::Analysis) -> String {
    let strongest = analysis.canonical_emotions.iter().max_by(|a, b| a.weight.total_cmp(&b.weight));
    let emotion = match strongest {
        Some(each) => format!("{} {:.2}", each.emotion().as_str_name(), each.weight),
        None => "no canonical emotion".into(),
    };
    let affect = analysis.affect.unwrap_or_default();
    let timing = analysis.timing.unwrap_or_default();
    format!(
        "{emotion}, valence {:.2}, arousal {:.2} ({} tokens, waited {} µs, computed {} µs in a batch of {})",
        affect.valence, affect.arousal, timing.cost, timing.queue_micros, timing.compute_micros, timing.batch_rows,
    )
}
