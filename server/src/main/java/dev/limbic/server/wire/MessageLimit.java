package dev.limbic.server.wire;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.WireFormat;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * How long messages of one type may be. What stands in fields of bytes, such as a picture, has a bound of its own: it takes
 * no more memory than it is long, while a text of its length would take many times that, and a list still more.
 *
 * @param most bytes of a message, those of such fields left out
 * @param mostMedia bytes of such fields, for which there is room beside
 */
record MessageLimit(Descriptor type, int most, int mostMedia) {
    static MessageLimit of(Descriptor type, WireSettings settings) {
        return new MessageLimit(type, settings.maxMessageBytes(), hasMedia(type) ? settings.maxImageBytes() : 0);
    }

    private static boolean hasMedia(Descriptor type) {
        return type.getFields().stream()
                .anyMatch(field -> field.getType() == FieldDescriptor.Type.BYTES
                        || (field.getType() == FieldDescriptor.Type.MESSAGE && hasMedia(field.getMessageType())));
    }

    /** Bytes of the longest message; a longer one is not looked at. */
    int longest() {
        return most + mostMedia;
    }

    /**
     * Whether a message may be that long, before it is parsed.
     *
     * @throws IOException if it is none
     */
    boolean allows(byte[] message) throws IOException {
        return message.length <= most
                || (message.length <= longest()
                        && message.length - media(CodedInputStream.newInstance(message), type) <= most);
    }

    /** Bytes that stand in fields of bytes, up to the end of the message that the input is in. */
    private static long media(CodedInputStream input, Descriptor type) throws IOException {
        long media = 0;
        for (int tag = input.readTag(); tag != 0; tag = input.readTag()) {
            FieldDescriptor field = delimited(tag, type);
            if (field != null && field.getType() == FieldDescriptor.Type.BYTES) {
                int length = input.readRawVarint32();
                input.skipRawBytes(length);
                media += length;
            } else if (field != null && field.getType() == FieldDescriptor.Type.MESSAGE) {
                int outer = input.pushLimit(input.readRawVarint32());
                media += media(input, field.getMessageType());
                input.popLimit(outer);
            } else if (!input.skipField(tag)) {
                return media; // the end of a group that never began; who parses it refuses it
            }
        }
        return media;
    }

    private static @Nullable FieldDescriptor delimited(int tag, Descriptor type) {
        return WireFormat.getTagWireType(tag) == WireFormat.WIRETYPE_LENGTH_DELIMITED
                ? type.findFieldByNumber(WireFormat.getTagFieldNumber(tag))
                : null;
    }
}
