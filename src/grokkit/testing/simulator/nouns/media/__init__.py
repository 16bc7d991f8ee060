"""What images, videos and voice share: pictures and clips made from words, their addresses, inputs, storage."""
