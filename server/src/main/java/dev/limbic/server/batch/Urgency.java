package dev.limbic.server.batch;

/**
 * The place of work in the order of all work of a device. What has less patience goes first: patience stands for
 * priority. Among the equally patient the order is that of their due times, then of their submission.
 *
 * @param patienceNanos of the work's priority
 * @param dueNanos submission plus patience, or the deadline when that is earlier
 * @param sequence number of the submission
 */
record Urgency(long patienceNanos, long dueNanos, long sequence) implements Comparable<Urgency> {
    @Override
    public int compareTo(Urgency other) {
        int byPatience = Long.compare(patienceNanos, other.patienceNanos);
        return byPatience != 0 ? byPatience : compareDue(other);
    }

    /** The order of due times alone, whatever the priority. */
    int compareDue(Urgency other) {
        int byDue = Long.compare(dueNanos, other.dueNanos);
        return byDue != 0 ? byDue : Long.compare(sequence, other.sequence);
    }
}
