// Package client holds what the examples share: the connection, and an analysis in a line.
package client

import (
	"flag"
	"fmt"
	"log"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"limbic.example/client/limbicv1"
)

// Connect opens the connection to the server that the command line names. Make one and keep it: it connects again by
// itself, and all calls share it.
func Connect() *grpc.ClientConn {
	target := flag.String("target", "localhost:50051", "host:port of the server")
	flag.Parse()
	connection, err := grpc.NewClient(*target, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		log.Fatal(err)
	}
	return connection
}

// Describe gives the strongest canonical emotion, if the model has a mapping, the affect, and why it took as long as it
// did.
func Describe(analysis *limbicv1.Analysis) string {
	emotion := "no canonical emotion"
	var most float32
	for _, each := range analysis.GetCanonicalEmotions() {
		if each.Weight >= most {
			most = each.Weight
			emotion = fmt.Sprintf("%v %.2f", each.Emotion, each.Weight)
		}
	}
	affect, timing := analysis.GetAffect(), analysis.GetTiming()
	return fmt.Sprintf("%s, valence %.2f, arousal %.2f (%d tokens, waited %d µs, computed %d µs in a batch of %d)",
		emotion, affect.GetValence(), affect.GetArousal(), timing.GetCost(),
		timing.GetQueueMicros(), timing.GetComputeMicros(), timing.GetBatchRows())
}
