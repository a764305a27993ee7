// A conversation: utterances go in at any time; emotions and the tokens of the replies come back as they are known.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"

	"limbic.example/client"
	"limbic.example/client/limbicv1"
)

// printer shows what was heard in lines of its own, and replies as they are written.
type printer struct{ writing bool }

// line ends what is being written: emotions of a later utterance may come in the midst of a reply.
func (p *printer) line(format string, values ...any) {
	if p.writing {
		fmt.Println()
	}
	p.writing = false
	fmt.Printf(format+"\n", values...)
}

func (p *printer) write(text string) {
	fmt.Print(text)
	p.writing = true
}

func (p *printer) show(answer *limbicv1.InteractResponse) {
	id := answer.EventId
	switch event := answer.Event.(type) {
	case *limbicv1.InteractResponse_Analysis:
		p.line("%s %s", id, client.Describe(event.Analysis))
	case *limbicv1.InteractResponse_Error:
		p.line("%s failed: %s (code %d)", id, event.Error.Message, event.Error.Code)
	case *limbicv1.InteractResponse_ReplyStarted:
		started, by, how := event.ReplyStarted, event.ReplyStarted.Model, ""
		if started.Template {
			by = "a ready-made line"
		}
		if started.Target != nil {
			how = " with " + started.Target.Emotion.String()
		}
		p.line("%s will be answered by %s (%s%s):", id, by, started.Strategy, how)
	case *limbicv1.InteractResponse_Token:
		p.write(event.Token.TextDelta)
	case *limbicv1.InteractResponse_ReplyFinished:
		finished := event.ReplyFinished
		p.write(finished.TextDelta)
		p.line("%s %v, %d tokens, the first after %d µs", id, finished.Reason,
			finished.GetUsage().GetCompletionTokens(), finished.GetUsage().GetFirstTokenMicros())
	default:
		p.line("this client does not know such an event")
	}
}

// turns sends what is said, and waits for the first reply before it goes on. If the stream breaks, Recv says why.
func turns(talk limbicv1.InteractionService_InteractClient, firstReply <-chan struct{}) {
	defer talk.CloseSend() // the stream ends when everything is answered; what the server remembers of it ends with it
	said := 0
	say := func(text string) {
		said++
		// What comes back carries the id of the event that caused it: answers to several come interleaved.
		talk.Send(&limbicv1.InteractRequest{
			EventId: fmt.Sprintf("utterance-%d", said),
			Event:   &limbicv1.InteractRequest_Utterance{Utterance: &limbicv1.Utterance{Text: text}},
		})
	}

	// With BargeIn an utterance would interrupt the reply that is being written.
	setup := &limbicv1.InteractSetup{Persona: "I like to talk about music."}
	talk.Send(&limbicv1.InteractRequest{Event: &limbicv1.InteractRequest_Setup{Setup: setup}})
	say("Hello! Guess what, I won two tickets for tonight!")
	select {
	case <-firstReply:
	case <-talk.Context().Done():
		return
	}
	// Both at once: the second is read while the first is being answered.
	say("But now my friend is ill and cannot come.")
	say("Would you like to join me?")
}

func main() {
	connection := client.Connect()
	defer connection.Close()
	talk, err := limbicv1.NewInteractionServiceClient(connection).Interact(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	firstReply := make(chan struct{}, 1)
	go turns(talk, firstReply)
	var out printer
	for {
		event, err := talk.Recv()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			log.Fatal(err)
		}
		out.show(event)
		if event.GetReplyFinished() != nil || event.GetError() != nil {
			select {
			case firstReply <- struct{}{}:
			default: // only the first is waited for
			}
		}
	}
}
