use super::*;

#[test]
fn parts_have_their_share_and_none_is_left_out() {
    assert_eq!(shares(&[10, 10], 4), [2, 2]);
    assert_eq!(shares(&[10, 10], 5), [3, 2]);
    assert_eq!(shares(&[97, 2, 1], 10), [8, 1, 1]);
    assert_eq!(shares(&[97, 2, 1], 2), [2, 0, 0]);
    assert_eq!(shares(&[3, 1], 99), [3, 1]);
    assert_eq!(shares(&[], 5), [0_usize; 0]);
    for size in 0..=60 {
        let parts = [31, 7, 19, 3];
        let shares = shares(&parts, size);
        assert_eq!(shares.iter().sum::<usize>(), size);
        assert!(shares.iter().zip(parts).all(|(share, part)| *share <= part), "{shares:?}");
    }
}
