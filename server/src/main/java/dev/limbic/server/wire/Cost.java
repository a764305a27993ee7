package dev.limbic.server.wire;

import com.google.protobuf.MessageLite;
import dev.limbic.server.dialogue.Utterance;
import dev.limbic.server.stream.StreamFrame;
import dev.limbic.v1.AnalyzeRequest;
import dev.limbic.v1.GenerateRequest;
import dev.limbic.v1.InteractSetup;
import dev.limbic.v1.Sampling;

/**
 * What messages take of the heap while a call holds them, in bytes, about and rather too much: on the wire an object
 * takes two bytes.
 */
final class Cost {
    /** Of a message and what is made of it: a request, its place in queues, its answer. */
    private static final int MESSAGE = 2048;

    /** Of an entry of a list or map: the objects that it is made of. */
    private static final int ENTRY = 160;

    /** Of a word: each of its spellings is a list of boxed tokens. */
    private static final int WORD = 1024;

    /** Of a byte of an answer, which is numbers and small objects. */
    private static final int ANSWER_BYTE = 8;

    private static final int ANSWER = 128;

    /** Of a char of text, or a byte that may become one; of a byte of a picture, which is copied to be decoded. */
    private static final int CHAR = 2;

    private Cost() {}

    /** Of a message without lists. */
    static long of(MessageLite message) {
        return MESSAGE + (long) CHAR * message.getSerializedSize();
    }

    static long of(AnalyzeRequest request) {
        return of((MessageLite) request) + (long) ENTRY * request.getImage().getBoxesCount();
    }

    static long of(GenerateRequest request) {
        return of((MessageLite) request)
                + (long) ENTRY * request.getConversation().getMessagesCount()
                + lists(request.getSampling());
    }

    static long of(InteractSetup setup) {
        return of((MessageLite) setup) + lists(setup.getSampling());
    }

    static long of(Utterance utterance) {
        return MESSAGE
                + (long) CHAR
                        * (utterance.cause().id().length()
                                + utterance.cause().subject().length()
                                + utterance.text().length());
    }

    /** Of a frame that waits or is looked at; its picture is kept as it came. */
    static long of(StreamFrame frame) {
        return MESSAGE
                + (long) CHAR
                        * (frame.cause().id().length() + frame.cause().subject().length())
                + frame.picture().image().source().bytes().length
                + (long) ENTRY * frame.picture().boxes().size();
    }

    /** Of an answer that waits to be sent. */
    static long ofAnswer(MessageLite answer) {
        return ANSWER + (long) ANSWER_BYTE * answer.getSerializedSize();
    }

    private static long lists(Sampling sampling) {
        return (long) ENTRY
                        * (sampling.getLogitBiasCount() + sampling.getStopStringsCount() + sampling.getStopIdsCount())
                + (long) WORD * sampling.getBannedWordsCount();
    }
}
