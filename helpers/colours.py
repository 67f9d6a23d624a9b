"""Whose colours a picture has: the photograph's or the painting's. Chapter 07.

Source of all of it: Gatys, Bethge, Hertzmann, Shechtman 2016, "Preserving Color in Neural Artistic Style Transfer".
"""

import numpy as np

LUMA = np.array([0.299, 0.587, 0.114])                    # how much red, green and blue add to brightness: Y of YIQ
CHROMA = np.array([[0.5959, -0.2746, -0.3213], [0.2115, -0.5227, 0.3112]])       # I and Q; each row adds up to 0
NO_SPREAD = 1e-8                                          # of the largest spread: less is rounding


def luma(image):
    """How bright each pixel is, Y of YIQ: (…, 3) → (…,), 0…1 for a picture. Chapter 07."""
    return image @ LUMA


def chroma(image):
    """A colour without its brightness, I and Q of YIQ: (…, 3) → (…, 2), 0 for grey. Chapter 07."""
    return image @ CHROMA.T


def keep_colours(image, content):
    """`image`'s brightness with `content`'s colours, both (H, W, 3) of one size.

    Y comes from the image, I and Q from the content: the end of a luminance-only transfer. What leaves 0…1 is clipped.
    Chapter 07; the studio's switch of this name does it to the finished picture.
    """
    return np.clip(content + luma(image - content)[..., None], 0, 1).astype(np.float32)


def match_luma(style, content):
    """The style image in grey, as bright and as contrasty as the content image: L′ = (σ_c/σ_s)(L − μ_s) + μ_c.

    style, content: (H, W, 3), of any two sizes. Returns float32 (H, W, 3), three equal channels. Values may leave
    0…1: clip them before you show or transfer them. Chapter 07.
    """
    bright, target = luma(style), luma(content)
    moved = target.std() / max(bright.std(), 1e-12) * (bright - bright.mean()) + target.mean()
    return np.repeat(moved[..., None], 3, axis=2).astype(np.float32)


def match_colours(style, content, root="symmetric"):
    """The style image in the content image's colours, by mean and covariance: p′ = A (p − μ_s) + μ_c, A Σ_s Aᵀ = Σ_c.

    style, content: (H, W, 3), of any two sizes. root: "symmetric" takes A = Σ_c^½ Σ_s^−½, "cholesky" A = L_c L_s⁻¹.
    Returns float32 (H, W, 3). Values may leave 0…1: clip them before you show or transfer them. Raises ValueError
    for another root and for a picture whose colours do not spread in all three directions. Chapter 07.
    """
    a = colour_map(covariance(style), covariance(content), root)
    mean_of_style, mean_of_content = (np.mean(image, (0, 1), dtype=np.float64) for image in (style, content))
    return ((style - mean_of_style) @ a.T + mean_of_content).astype(np.float32)


def colour_map(of_style, of_content, root="symmetric"):
    """A with A Σ_s Aᵀ = Σ_c, (3, 3), from the two covariances. As in `match_colours`. Chapter 07."""
    for name, matrix in (("style", of_style), ("content", of_content)):
        spreads = np.linalg.eigvalsh(matrix)
        if spreads[0] <= NO_SPREAD * spreads[-1]:
            raise ValueError(f"the {name} image's colours do not spread in all three directions (is it grey?): "
                             "match_luma matches brightness alone.")
    if root == "cholesky":
        return np.linalg.cholesky(of_content) @ np.linalg.inv(np.linalg.cholesky(of_style))
    if root == "symmetric":
        return _power(of_content, 0.5) @ _power(of_style, -0.5)
    raise ValueError(f"a root is \"symmetric\" or \"cholesky\", not {root!r}.")


def covariance(image):
    """How the colours of all pixels spread about their mean, red, green, blue: (H, W, 3) → (3, 3)."""
    return np.cov(np.reshape(image, (-1, 3)).astype(np.float64), rowvar=False, bias=True)


def _power(matrix, exponent):
    """Of a symmetric positive matrix, by its eigenvalues."""
    values, vectors = np.linalg.eigh(matrix)
    return (vectors * values ** exponent) @ vectors.T
