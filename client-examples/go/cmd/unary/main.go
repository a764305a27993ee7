// One text, one answer; plain and with a deadline.
package main

import (
	"context"
	"fmt"
	"log"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"limbic.example/client"
	"limbic.example/client/limbicv1"
)

func main() {
	connection := client.Connect()
	defer connection.Close()
	limbic := limbicv1.NewEmotionServiceClient(connection)

	answer, err := limbic.Analyze(context.Background(), &limbicv1.AnalyzeRequest{
		Input: &limbicv1.AnalyzeRequest_Text{Text: "I can't believe we won!"},
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(client.Describe(answer.GetAnalysis()))

	// What is too late for a face is not worth computing: the server drops what nobody waits for any more.
	patience, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
	defer cancel()
	answer, err = limbic.Analyze(patience, &limbicv1.AnalyzeRequest{
		Input: &limbicv1.AnalyzeRequest_Text{Text: "Watch out, behind you!"},
	})
	switch status.Code(err) {
	case codes.OK:
		fmt.Println(client.Describe(answer.GetAnalysis()))
	case codes.DeadlineExceeded:
		fmt.Println("too late, the face stays as it is")
	default:
		log.Fatal(err) // RESOURCE_EXHAUSTED and UNAVAILABLE say in their RetryInfo when to try again
	}
}
