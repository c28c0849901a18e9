package org.octopus.broker;

/**
 * The ARN of a resource, in the two parts that it is made of: patterns are matched against thousands of them for one
 * listing, so they are not joined before somebody reads them.
 *
 * @param head what all resources of a kind have in common, up to the name
 * @param name Kafka's name of the resource; empty for the cluster itself
 */
record ResourceArn(String head, String name) implements CharSequence {

    @Override
    public int length() {
        return head.length() + name.length();
    }

    @Override
    public char charAt(int index) {
        return index < head.length() ? head.charAt(index) : name.charAt(index - head.length());
    }

    @Override
    public CharSequence subSequence(int start, int end) {
        return toString().subSequence(start, end);
    }

    /** The ARN as IAM writes it. */
    @Override
    public String toString() {
        return head + name;
    }
}
