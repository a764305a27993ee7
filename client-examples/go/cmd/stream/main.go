// A stream of chat lines. Answers come in the order of the lines, a wrong line gets an error in its place.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"time"

	"limbic.example/client"
	"limbic.example/client/limbicv1"
)

// Lines sent and not yet answered. Without a bound a slow server makes the client's memory grow and every face late.
const maxInFlight = 4

var (
	chat = []string{
		"hey everyone, good to see you again",
		"did you hear that? something is moving down there",
		"run!!",
		"",
		"phew. that was close, thanks for waiting for me",
		"I miss the old village",
	}
	started = time.Now()
)

func nowMicros() int64 { return time.Since(started).Microseconds() }

// say sends the lines, each as soon as there is room for it. If the stream breaks, Recv says why.
func say(stream limbicv1.EmotionService_AnalyzeStreamClient, room chan struct{}) {
	defer stream.CloseSend()
	for number, text := range chat {
		select {
		case room <- struct{}{}: // taken back with the answer
		case <-stream.Context().Done():
			return
		}
		err := stream.Send(&limbicv1.AnalyzeRequest{
			RequestId:        fmt.Sprintf("line-%d", number),
			ClientTimeMicros: nowMicros(),                     // comes back as it is, so that the answer tells its own age
			Priority:         limbicv1.Priority_PRIORITY_HIGH, // a person waits for a face to move
			TimeoutMillis:    10_000,                          // of this line; a deadline of the call would be one of the whole stream
			Input:            &limbicv1.AnalyzeRequest_Text{Text: text},
		})
		if err != nil {
			return
		}
	}
}

func outcome(answer *limbicv1.AnalyzeStreamResponse) string {
	switch outcome := answer.Outcome.(type) {
	case *limbicv1.AnalyzeStreamResponse_Analysis:
		took := nowMicros() - answer.ClientTimeMicros
		return fmt.Sprintf("%s after %d µs: %s", answer.RequestId, took, client.Describe(outcome.Analysis))
	case *limbicv1.AnalyzeStreamResponse_Error:
		// The stream lives on. RetryAfterMillis says when sending the line again makes sense; 0 means never.
		return fmt.Sprintf("%s failed: %s (code %d)", answer.RequestId, outcome.Error.Message, outcome.Error.Code)
	default:
		return answer.RequestId + ": this client does not know such an answer"
	}
}

func main() {
	connection := client.Connect()
	defer connection.Close()
	stream, err := limbicv1.NewEmotionServiceClient(connection).AnalyzeStream(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	room := make(chan struct{}, maxInFlight)
	go say(stream, room)
	for {
		answer, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			log.Fatal(err)
		}
		<-room
		fmt.Println(outcome(answer))
	}
}
