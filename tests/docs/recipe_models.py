"""Small models for the recipes. Their layers have the names in the recipes' patterns."""

import keras
from keras import layers
from keras.src.applications.resnet import ResNet, stack_residual_blocks_v1


class TransformerLayer(layers.Layer):
    """A layer of a transformer; its layers have keras-hub's names."""

    def __init__(self, heads: int, width: int, name: str) -> None:
        super().__init__(name=name)
        self.attention = layers.MultiHeadAttention(heads, width // heads, name="self_attention")
        self.attention_norm = layers.LayerNormalization(name="self_attention_layer_norm")
        self.hidden = layers.Dense(4 * width, "gelu", name="feedforward_intermediate_dense")
        self.output_layer = layers.Dense(width, name="feedforward_output_dense")
        self.feedforward_norm = layers.LayerNormalization(name="feedforward_layer_norm")

    def call(self, x):
        normal = self.attention_norm(x)
        x = x + self.attention(normal, normal)
        return x + self.output_layer(self.hidden(self.feedforward_norm(x)))


def transformer(
    depth: int, width: int, heads: int, vocabulary: int, tied: bool = True
) -> keras.Model:
    """Build a transformer with learned positions, and with logits from its embedding if tied."""
    tokens = keras.Input((8,), dtype="int32")
    positions = keras.Input((8,), dtype="int32")
    embedding = layers.ReversibleEmbedding(vocabulary, width, name="token_embedding")
    x = embedding(tokens) + layers.Embedding(128, width, name="position_embedding")(positions)
    for number in range(depth):
        x = TransformerLayer(heads, width, name=f"transformer_layer_{number}")(x)
    x = layers.LayerNormalization(name="layer_norm")(x)
    outputs = embedding(x, reverse=True) if tied else layers.Dense(vocabulary, name="output")(x)
    return keras.Model([tokens, positions], outputs)


class T5Attention(layers.Layer):
    """Attention without a factor of 1/√d_kv, with a bias for each distance."""

    def __init__(self, heads: int, d_kv: int, d_model: int, name: str) -> None:
        super().__init__(name=name)
        self.projections = [
            layers.EinsumDense("abc,cde->abde", (None, heads, d_kv), name=part)
            for part in ("query", "key", "value")
        ]
        self.output_layer = layers.EinsumDense("abde,dec->abc", (None, d_model), name="output")
        self.bias_layer = layers.Embedding(32, heads, name="relative_attention_bias")

    def call(self, x):
        query, key, value = (projection(x) for projection in self.projections)
        places = keras.ops.arange(x.shape[1])
        distances = keras.ops.expand_dims(places, 0) - keras.ops.expand_dims(places, 1)
        bias = keras.ops.transpose(self.bias_layer(keras.ops.abs(distances)), (2, 0, 1))
        scores = keras.ops.einsum("aqde,akde->adqk", query, key) + bias
        mixed = keras.ops.einsum("adqk,akde->aqde", keras.ops.softmax(scores), value)
        return self.output_layer(mixed)


def t5(depth: int, d_model: int, heads: int, d_kv: int, d_ff: int) -> keras.Model:
    """Build an encoder of T5."""
    tokens = keras.Input((8,), dtype="int32")
    x = layers.Embedding(64, d_model, name="token_embedding")(tokens)
    for number in range(depth):
        block = f"block_{number}"
        normal = layers.RMSNormalization(name=f"{block}_attention_layer_norm")(x)
        x = x + T5Attention(heads, d_kv, d_model, name=f"{block}_attention")(normal)
        normal = layers.RMSNormalization(name=f"{block}_feedforward_layer_norm")(x)
        hidden = layers.Dense(d_ff, "relu", use_bias=False, name=f"{block}_wi")(normal)
        x = x + layers.Dense(d_model, use_bias=False, name=f"{block}_wo")(hidden)
    return keras.Model(tokens, layers.RMSNormalization(name="output_layer_norm")(x))


def resnet() -> keras.Model:
    """Build Keras's ResNet with two stages of two blocks."""

    def stages(x):
        x = stack_residual_blocks_v1(x, 16, 2, stride1=1, name="conv2")
        return stack_residual_blocks_v1(x, 32, 2, name="conv3")

    return ResNet(
        stages, preact=False, use_bias=True, weights=None, input_shape=(32, 32, 3), classes=10
    )


class Scalar(layers.Layer):
    """Add one number, or multiply by it."""

    def build(self, _):
        self.number = self.add_weight(shape=(), initializer="random_normal", name=self.name)

    def call(self, x):
        return x * self.number if self.name == "multiplier" else x + self.number


class FixupBlock(layers.Layer):
    """A residual block without normalization, of two convolutions."""

    def __init__(self, channels: int, strides: int, name: str) -> None:
        super().__init__(name=name)
        self.convs = [
            layers.Conv2D(channels, 3, step, padding="same", use_bias=False, name=f"conv_{number}")
            for number, step in [(1, strides), (2, 1)]
        ]
        self.biases = [Scalar(name=f"bias_{number}") for number in range(4)]
        self.multiplier = Scalar(name="multiplier")
        self.shortcut = (
            layers.Conv2D(channels, 1, strides, use_bias=False, name="shortcut")
            if strides > 1
            else None
        )

    def call(self, x):
        y = self.convs[0](self.biases[0](x))
        y = self.convs[1](self.biases[2](keras.ops.relu(self.biases[1](y))))
        y = self.biases[3](self.multiplier(y))
        return keras.ops.relu(y + (self.shortcut(x) if self.shortcut else x))


def fixup() -> keras.Model:
    """Build a residual network of three blocks, the last with strides."""
    image = keras.Input((16, 16, 3))
    x = layers.Conv2D(16, 3, padding="same", use_bias=False, name="stem")(image)
    for number, (channels, strides) in enumerate([(16, 1), (16, 1), (32, 2)]):
        x = FixupBlock(channels, strides, name=f"block_{number}")(x)
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(image, layers.Dense(10, name="classifier")(x))


def dcgan() -> tuple[keras.Model, keras.Model]:
    """Build a generator and a discriminator."""
    generator = keras.Sequential(
        [
            keras.Input((100,)),
            layers.Dense(4 * 4 * 32, use_bias=False, name="project"),
            layers.Reshape((4, 4, 32)),
            layers.BatchNormalization(name="norm_0"),
            layers.ReLU(),
            layers.Conv2DTranspose(256, 5, strides=2, padding="same", use_bias=False, name="up_0"),
            layers.BatchNormalization(name="norm_1"),
            layers.ReLU(),
            layers.Conv2DTranspose(3, 5, 2, padding="same", activation="tanh", name="up_1"),
        ],
        name="generator",
    )
    discriminator = keras.Sequential(
        [
            keras.Input((16, 16, 3)),
            layers.Conv2D(32, 5, strides=2, padding="same", name="down_0"),
            layers.LeakyReLU(0.2),
            layers.Conv2D(256, 5, strides=2, padding="same", use_bias=False, name="down_1"),
            layers.BatchNormalization(name="norm_1"),
            layers.LeakyReLU(0.2),
            layers.Flatten(),
            layers.Dense(1, name="real"),
        ],
        name="discriminator",
    )
    return generator, discriminator


class Sine(layers.Layer):
    """Return the sine of 30 times the input."""

    def call(self, x):
        return keras.ops.sin(30 * x)


def siren() -> keras.Model:
    """Build a network from two coordinates to three colours."""
    stack = [keras.Input((2,))]
    for number in range(3):
        stack += [layers.Dense(256, name=f"sine_{number}"), Sine(name=f"activation_{number}")]
    return keras.Sequential([*stack, layers.Dense(3, name="colours")], name="siren")


def retinanet() -> keras.Model:
    """Build the two subnets of a detector, for 9 anchors and 20 classes, on one convolution."""
    image = keras.Input((16, 16, 3))
    features = layers.Conv2D(32, 3, name="backbone")(image)
    outputs = []
    for subnet, last, size in [("cls", "cls_logits", 9 * 20), ("box", "box_regression", 9 * 4)]:
        x = features
        for number in range(2):
            x = layers.Conv2D(32, 3, padding="same", name=f"{subnet}_tower_{number}")(x)
            x = layers.ReLU()(x)
        outputs.append(layers.Conv2D(size, 3, padding="same", name=last)(x))
    return keras.Model(image, outputs)


def lstm() -> keras.Model:
    """Build two recurrent layers."""
    return keras.Sequential(
        [
            keras.Input((7, 24)),
            layers.LSTM(32, return_sequences=True, name="short_memory"),
            layers.LSTM(16, name="long_memory"),
            layers.Dense(5, name="head"),
        ],
        name="recurrent",
    )


def lora() -> keras.Model:
    """Build a dense layer and an attention layer, with adapters of rank 8."""
    x = keras.Input((6, 64))
    attention = layers.MultiHeadAttention(num_heads=2, key_dim=48, name="attention")
    dense = layers.Dense(40, name="dense")
    model = keras.Model(x, dense(attention(x, x)))
    for layer in (*attention._flatten_layers(), dense):
        if isinstance(layer, layers.Dense | layers.EinsumDense):
            layer.enable_lora(8)
    return model
