package dev.limbic.server.batch;

/**
 * The batch a piece of work rode in.
 *
 * @param rows rows in the batch, this one included
 * @param cost of all rows in the batch
 * @param queueNanos time from submission until the batch was assembled
 * @param computeNanos time the device spent on the whole batch
 */
public record Ride(int rows, int cost, long queueNanos, long computeNanos) {}
