//! Makes the stubs from proto/ with protoc; set PROTOC where it is not on the PATH.

fn main() -> std::io::Result<()> {
    let contract = "../../proto/src/main/protobuf";
    let files = ["emotion", "interaction"].map(|name| format!("{contract}/limbic/v1/{name}.proto"));
    tonic_prost_build::configure().build_server(false).compile_protos(&files, &[contract.to_string()])
}
